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

    @Test("No server counts twice: neither a file that is named twice nor two texts of one process")
    func countsOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ data: Data, to name: String) throws -> String {
            let file = folder.appending(path: name)
            try data.write(to: file)
            return file.path
        }
        func text(_ instance: String, _ calls: Int) -> Data {
            Data(
                """
                bungalow_build_info{version="1",instance="\(instance)"} 1
                bungalow_requests_total{route="/predict",status="200"} \(calls)

                """.utf8)
        }
        let (first, later) = (try write(text("a", 48), to: "1"), try write(text("a", 96), to: "2"))
        let other = try write(text("b", 2), to: "3")
        let counter = #"bungalow_requests_total{route="/predict",status="200"} 5"#
        let silent = try write(Data("\(counter)\n".utf8), to: "4")
        let joined = try write(text("c", 1) + text("c", 1), to: "5")
        #expect(try ServerCounters(fromFiles: [first, other, silent]).calls == 55)
        // As PowerShell's > writes it.
        let wide = try write("\u{FEFF}\(counter)\n".data(using: .utf16LittleEndian) ?? Data(), to: "6")
        #expect(try ServerCounters(fromFiles: [wide]).calls == 5)
        for paths in [[first, first], [first, other, later], [silent, silent], [joined]] {
            #expect(throws: OperatorError.self, "\(paths)") { try ServerCounters(fromFiles: paths) }
        }
    }
}
