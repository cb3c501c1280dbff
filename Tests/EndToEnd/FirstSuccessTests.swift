import Foundation
import TestSupport
import Testing

/// A newcomer's first steps, against the built binary.
@Suite struct FirstSuccessTests {
    @Test(
        "the original service's sample gets its query key and the fit's predictions",
        .proves("C1.36", "C5.5"))
    func sample() throws {
        let server = try ServerProcess()
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200)
        let json = try response.json()
        #expect(json["query_key"] as? String == "e6cbfb3a74a56e69b3062ff4f3da035a")
        let predictions = try #require(json["prediction"] as? [Double])
        let expected = [4.139092164701125, 1.7406334547275648, 3.2288424077214373, 3.0381759871784624]
        #expect(predictions.count == expected.count)
        for (prediction, expected) in zip(predictions, expected) { #expect(abs(prediction - expected) < 1e-9) }
        #expect(response["X-Cache"] == "BYPASS")
        #expect(try server.stop() == 0)
    }
}
