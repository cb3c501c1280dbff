import Files
import Foundation
import Testing

@testable import Cluster

/// A server's `/metrics`, read without a cluster.
@Suite struct ServerCountersTests {
    @Test("Only requests to the scoring routes count, without responses to OPTIONS")
    func onlyScoringRoutesCount() throws {
        let text = """
            # TYPE bungalow_requests_total counter
            bungalow_requests_total{route="/predict",status="200"} 7
            bungalow_requests_total{route="/predict",status="204"} 100
            bungalow_requests_total{route="/score",status="422"} 2
            bungalow_requests_total{route="/test",status="200"} 1
            bungalow_requests_total{route="/v2/models/housing/infer",status="200"} 4
            bungalow_requests_total{route="/metrics",status="200"} 1000
            bungalow_requests_total{route="other",status="404"} 1000
            bungalow_rejected_requests_total{reason="in_flight"} 1000
            """
        #expect(try ServerCounters(metrics: text, from: "a").calls == 14)
        #expect(throws: OperatorError.self) { try ServerCounters(metrics: "up 1\n", from: "a") }
    }
}
