import Foundation
import TestSupport
import Testing

/// The server held against the contract written in Python, on thousands of generated bodies.
@Suite struct DifferentialTests {
    private struct Summary: Decodable {
        let judged: Int
        let disagreements: Int
        let statuses: [String: Int]
        let types: [String: Int]
    }

    @Test("5 000 generated bodies, good and bad, are answered as the contract's Python text answers them")
    func differential() throws {
        let client = try PredictClient()
        var generator = BodyGenerator(seed: 20_261_121)
        var transcript = Data()
        for _ in 0..<5000 {
            let body = generator.next()
            let response = try client.exchange(body)
            transcript.append(contentsOf: "\(response.status) \(body.count) \(response.body.count)\n".utf8)
            transcript.append(contentsOf: body)
            transcript.append(contentsOf: response.body)
        }

        let file = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString).transcript")
        try transcript.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let judge = try #require(Bundle.module.url(forResource: "judge", withExtension: "py", subdirectory: "Vectors"))
        let child = try ChildProcess("python3", ["-B", judge.path, file.path])
        try #require(try child.waitForExit() == 0, "\(child.standardError.text())")
        let output = child.standardOutput.text()
        let lastLine = try #require(output.split(separator: "\n").last)
        let summary = try JSONDecoder().decode(Summary.self, from: Data(lastLine.utf8))
        #expect(summary.disagreements == 0, "\(output)")

        // It proves nothing of what was never generated.
        #expect(summary.judged == 5000)
        #expect(summary.statuses["200", default: 0] > 1500 && summary.statuses["422", default: 0] > 1500, "\(summary)")
        let types = [
            "missing", "float_type", "float_parsing", "finite_number", "greater_than_equal", "less_than_equal",
            "model_type",
            "list_type", "too_short", "too_long", "json_invalid",
        ]
        for type in types { #expect(summary.types[type, default: 0] >= 5, "\(type): \(summary)") }
    }
}
