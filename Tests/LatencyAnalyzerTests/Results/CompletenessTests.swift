import Foundation
import LatencyAnalyzer
import Testing

/// The verdict on a number of requests, and its line.
@Suite struct CompletenessTests {
    @Test(
        "A verdict's line is read back as the verdict",
        arguments: [
            .complete("1 of 1 requests, by --expect"), .incomplete("1 of 2 requests, by --expect"),
            .incomplete("2 of 1 requests", isSurplus: true), .notChecked("the calls were not counted"),
        ] as [Completeness])
    func line(verdict: Completeness) {
        #expect(Completeness(line: verdict.line) == verdict)
    }

    @Test(
        "Other lines are not a verdict",
        arguments: ["", "Total calls - 5", "complete: 1 of 1", "Broken or missing: nothing."])
    func otherLine(line: String) {
        #expect(Completeness(line: line) == nil)
    }

    @Test("Only a log with a correct count is complete")
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

    @Test("A file without a readable request is never part of a complete log, and is named under what is broken")
    func unreadFiles() async throws {
        let folder = try LogFolder()
        let good = try folder.write(LogFolder.block(id: "a", milliseconds: "1.0"), to: "good.txt")
        let broken: [(name: String, data: Data)] = [
            ("cut.txt.gz", Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1])), ("empty.txt", Data()),
            ("refused.txt", Data("Error from server (NotFound): pods \"a\" not found\n".utf8)),
            ("page.txt", Data("<!DOCTYPE html><html></html>\n".utf8)), ("text.txt", Data("nothing\n".utf8)),
            ("logs.zip", Data("PK\u{3}\u{4}0000".utf8)),
        ]
        for (name, data) in broken {
            let analysis = try await Analysis.of([good, folder.write(data, to: name)], expected: 1)
            let line = analysis.completeness.line
            #expect(line.hasPrefix("Not checked: 1 of 1 requests, by the test; \(name) "), "\(line)")
            let text = ResultsFile(analysis).text
            #expect(text.contains("\t \(name) ") && !text.contains("Broken or missing: nothing"), "\(text)")
        }
        // If each pod was counted, a log without a request may belong to an idle pod.
        let pods = try await Analysis.read([good, folder.write("", to: "idle.txt")], onlyPath: nil)
        let counted = Analysis(
            deployment: "d", namespace: "n", pods: pods, expectedCalls: .init(calls: 1, source: "counters"),
            isCountedByPod: true)
        #expect(counted.completeness == .complete("1 of 1 requests, by counters"))
    }

    @Test("Each of a rotated log's files must hold a request, except an empty newest one")
    func unreadParts() async throws {
        let folder = try LogFolder()
        _ = try folder.write("<html></html>\n", to: "pod.txt.2")
        _ = try folder.write(LogFolder.block(id: "a", milliseconds: "1.0"), to: "pod.txt.1")
        _ = try folder.write("", to: "pod.txt")
        let paths = ["pod.txt", "pod.txt.1", "pod.txt.2"].map(folder.path)
        let two = try await Analysis.of(LogFile.named(Array(paths.prefix(2))), expected: 1)
        #expect(two.completeness == .complete("1 of 1 requests, by the test"))
        let line = try await Analysis.of(LogFile.named(paths), expected: 1).completeness.line
        #expect(line.hasPrefix("Not checked: 1 of 1 requests, by the test; pod.txt.2 holds no readable request: "))
    }
}
