import Foundation
import LatencyAnalyzer
import ScoringLog
import Testing

/// Logs of pods in one file, one after the other, and how the pods are counted.
@Suite struct JoinedPodsTests {
    private static let (first, second) = ("bungalow-6c9d7f5b48-abcde", "bungalow-6c9d7f5b48-fghij")

    private static func records(_ seconds: some Sequence<Int>) -> [String] {
        seconds.map { second in
            let time = String(format: "2026-11-21T11:%02d:%02d.364Z", second / 60, second % 60)
            return #"{"time":"\#(time)","request_id":"a\#(second)","route":"/test","status":200,"score_ms":0.0062}"#
        }
    }

    private func read(_ text: String) async throws -> Analysis {
        let folder = try LogFolder()
        return try await Analysis.of([try folder.write(text, to: "saved.txt")])
    }

    @Test(
        "Where the log of the pod with the later times comes first, no log is newest first",
        arguments: [.prefix, .compose, .stern, .portalTable] as [LogForm])
    func laterPodFirst(form: LogForm) async throws {
        let lines = Self.records(70..<80).map { (Self.first, $0) } + Self.records(10..<20).map { (Self.second, $0) }
        let analysis = try await read(form.text(lines))
        #expect(analysis.total.counts.requests == 20 && analysis.total.counts.timesBack == 0)
        #expect(analysis.completeness.line.hasPrefix("Not checked: nothing says how many requests"))
        #expect(analysis.pods[0].notes.first?.contains("newest first") == false)
    }

    @Test("A joined log goes back in one place, and a turned log in none")
    func back() async throws {
        let joined = try await read((Self.records(10..<23) + Self.records(1..<10)).map { "\($0)\n" }.joined())
        #expect(joined.total.counts.timesBack == 1)
        let turned = try await read(Self.records((1..<20).reversed()).map { "\($0)\n" }.joined())
        #expect(turned.total.counts.timesBack == 0)
        #expect(turned.pods[0].notes == ["saved.txt: read as newest first, 1 pod"])
    }

    @Test("A table's header and stern's own lines are not pods, and break no request")
    func ownLines() async throws {
        let lines = (1...9).flatMap { number in
            LogFolder.block(second: number, id: "x\(number)", milliseconds: "0.2500").split(separator: "\n")
        }.map { (Self.first, String($0)) }
        let table = try await read(LogForm.portalTable.text(lines))
        #expect(table.pods[0].notes == ["saved.txt: read as a table with a line in each row, 1 pod"])
        var rows = LogForm.stern.text(lines).split(separator: "\n").map(String.init)
        rows.insert("- \(Self.second) › bungalow", at: 5)
        rows.insert("\u{1B}[32;1m+\u{1B}[0m \(Self.second) › bungalow", at: 4)
        rows.insert("+ \(Self.first) › bungalow", at: 0)
        let stern = try await read(rows.joined(separator: "\n") + "\n")
        #expect(stern.pods[0].notes == ["saved.txt: read as stern's prefix, 1 pod"])
        #expect(stern.total.scoredCalls == 9 && stern.total.counts.mixedRequests == 0)
    }

    @Test("A table of one column is read", arguments: ["LogMessage", "\"LogEntry\""])
    func oneColumn(name: String) async throws {
        let rows = (1...4).flatMap { number in
            LogFolder.block(second: number, id: "x\(number)", milliseconds: "0.2500").split(separator: "\n")
        }.map { $0.contains("\"") ? "\"\($0.replacing("\"", with: "\"\""))\"" : String($0) }
        let analysis = try await read(([name] + rows).map { "\($0)\r\n" }.joined())
        #expect(analysis.total.counts.requests == 4 && analysis.total.scoredCalls == 4)
    }
}
