import Foundation
import LatencyAnalyzer
import Testing

/// An analysis as JSON.
@Suite struct AnalysisJSONTests {
    @Test("JSON has null where there is no value")
    func nullInJSON() throws {
        let folder = try LogFolder()
        let pod = try PodStatistics(reading: folder.write("", to: "a.txt"), onlyPath: nil)
        let data = try AnalysisJSON(Analysis(deployment: "d", namespace: "n", pods: [pod])).data()
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let total = try #require(object["total"] as? [String: Any])
        #expect(total["average_ms"] is NSNull && total["calls_per_second"] is NSNull && total["calls"] as? Int == 0)
        #expect(object["complete"] as? Bool == false)
        let completeness = try #require(object["completeness"] as? String)
        #expect(
            completeness.hasPrefix("INCOMPLETE: no request was read; a.txt holds no readable request: it is empty; "))
    }
}
