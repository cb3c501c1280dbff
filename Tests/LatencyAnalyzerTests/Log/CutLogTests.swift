import Foundation
import LatencyAnalyzer
import ScoringLog
import Testing

/// A file that was cut is incomplete in every format, and a last line that is whole counts without its line feed.
@Suite struct CutLogTests {
    private static let lines = (1...6).flatMap { number in
        LogFolder.block(
            second: number, id: String(format: "%08x-1111-4222-8333-000000000000", number), milliseconds: "0.2500"
        ).split(separator: "\n").map { ("bungalow-6c9d7f5b48-abcde", String($0)) }
    }

    private func line(_ text: String, as name: String = "pod.txt", expected: Int?) async throws -> String {
        try await analysis(text, as: name, expected: expected).completeness.line
    }

    private func analysis(_ text: String, as name: String = "pod.txt", expected: Int?) async throws -> Analysis {
        let folder = try LogFolder()
        return try await Analysis.of([try folder.write(text, to: name)], expected: expected)
    }

    @Test(
        "A log in JSON or CSV that is cut anywhere is never whole",
        arguments: [.dockerJSON, .sternJSON, .azureJSON, .azureJSONInOneLine, .portalTable] as [LogForm], [9, 40, 80])
    func cut(form: LogForm, byteCount: Int) async throws {
        let text = form.text(Self.lines)
        #expect(try await line(text, expected: 6) == "Complete: 6 of 6 requests, by the test")
        let cut = String(text.dropLast(byteCount))
        let found = try await analysis(cut, expected: nil)
        #expect(found.completeness.line.hasPrefix("INCOMPLETE: "), "\(found.completeness.line)")
        #expect(found.completeness.line.contains("pod.txt ends within a "), "\(found.completeness.line)")
        #expect(!ResultsFile(found).text.contains("Broken or missing: nothing"))
        let verdict = try await line(cut, expected: found.total.counts.requests)
        #expect(verdict.hasPrefix("Not checked: ") && verdict.contains("ends within a "), "\(verdict)")
    }

    @Test("A list without its last bracket is not whole, and a file without a final line feed is")
    func ends() async throws {
        let list = LogForm.azureJSON.text(Self.lines)
        let open = try await line(String(list.dropLast(3)), expected: 6)
        #expect(open.contains("pod.txt ends within a JSON object or list: its end is missing"), "\(open)")
        for form in [LogForm.azureJSON, .dockerJSON, .sternJSON, .portalTable] {
            let whole = String(form.text(Self.lines).dropLast())
            #expect(try await line(whole, expected: 6) == "Complete: 6 of 6 requests, by the test")
        }
    }

    @Test("A last access line that is whole counts without its line feed")
    func lastAccessLine() async throws {
        let refused = LogFolder.block(second: 9, id: nil, milliseconds: nil, status: 422).dropLast()
        let blocks = Self.lines.map { "\($0.1)\n" }.joined()
        #expect(try await line(blocks + refused, expected: 7) == "Complete: 7 of 7 requests, by the test")
        let torn = try await line(blocks + refused.dropLast(1), expected: 6)
        #expect(torn.contains("pod.txt ends within a line"))
        // The lines of a request that was scored are missing after it.
        let scored = blocks + LogFolder.block(second: 9, id: nil, milliseconds: nil).dropLast()
        #expect(try await analysis(scored, expected: nil).total.counts.requests == 7)
        #expect(try await line(scored, expected: nil).hasPrefix("INCOMPLETE: "))
    }

    @Test("Parts of a line in Docker's JSON are joined from the first line on", arguments: [1, 20, 40])
    func partsOfTheFirstLine(byteCount: Int) async throws {
        let first = Self.lines[0].1.replacing("\"", with: "\\\"")
        let stream = #"","stream":"stdout","time":"2026-11-21T11:28:10.1Z"}"# + "\n"
        let parts =
            #"{"log":"\#(first.prefix(byteCount))"# + stream + #"{"log":"\#(first.dropFirst(byteCount))\n"# + stream
        let text = parts + LogForm.dockerJSON.text(Array(Self.lines.dropFirst()))
        #expect(try await line(text, as: "a-json.log", expected: 6) == "Complete: 6 of 6 requests, by the test")
    }
}
