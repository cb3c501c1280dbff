import Foundation
import LatencyAnalyzer
import Testing

/// The verdict on a number of requests, and its line.
@Suite struct CompletenessTests {
    @Test(
        "A verdict's line is read back as the verdict",
        arguments: [
            .complete("1 of 1 requests, by --expect"), .incomplete("1 of 2 requests, by --expect"),
            .incomplete("2 of 1 requests", isSurplus: true), .notChecked("nobody counted"),
        ] as [Completeness])
    func line(verdict: Completeness) {
        #expect(Completeness(line: verdict.line) == verdict)
    }

    @Test(
        "Other lines are no verdict",
        arguments: ["", "Total calls - 5", "complete: 1 of 1", "Broken or missing: nothing."])
    func otherLine(line: String) {
        #expect(Completeness(line: line) == nil)
    }

    @Test("Nothing but a count that was taken and is right is complete")
    func verdicts() throws {
        let folder = try LogFolder()
        let one = try PodStatistics(
            reading: folder.write(LogFolder.block(id: "a", milliseconds: "1.0"), to: "a.txt"), onlyPath: nil)
        let none = try PodStatistics(reading: folder.write("", to: "b.txt"), onlyPath: nil)
        let verdict = { (pods: [PodStatistics], expected: Int?, gaps: [String], doubts: [String]) in
            Analysis(
                deployment: "d", namespace: "n", pods: pods,
                expectedCalls: expected.map { .init(calls: $0, source: "--expect") }, gaps: gaps, doubts: doubts
            ).completeness.line
        }
        #expect(verdict([one], 1, [], []) == "Complete: 1 of 1 requests, by --expect")
        #expect(verdict([one], 1, ["a gap"], []) == "Complete: 1 of 1 requests, by --expect")
        #expect(verdict([one], 1, [], ["a doubt"]) == "Not checked: 1 of 1 requests, by --expect; a doubt")
        #expect(verdict([one], 2, ["a gap"], ["a doubt"]) == "INCOMPLETE: 1 of 2 requests, by --expect; a gap; a doubt")
        #expect(verdict([one], nil, ["a gap"], []) == "INCOMPLETE: 1 of an unknown number of requests; a gap")
        #expect(verdict([one], nil, [], ["a doubt"]) == "Not checked: 1 requests were read; a doubt")
        #expect(verdict([one], nil, [], []).hasPrefix("Not checked: nothing says how many requests there should be; "))
        #expect(
            verdict([none], nil, [], []).hasPrefix("INCOMPLETE: no request was read; b.txt holds no readable request"))
        #expect(verdict([none], 0, [], []).hasPrefix("Not checked: no request was read"))
    }
}
