import Foundation
import LatencyAnalyzer
import Testing

/// The messages of kubectl, nodes and Docker: in a log they stand for lines that are missing.
@Suite struct ToolMessageTests {
    private static let blocks = (1...4).map { number in
        LogFolder.block(
            second: number, id: String(format: "%08x-1111-4222-8333-000000000000", number), milliseconds: "0.2500")
    }

    private static let messages = [
        ("kubectl's error message", "error: unexpected EOF"),
        (
            "kubectl's error message",
            #"Error from server: Get "https://127.0.0.1:10250/containerLogs/lab/p": dial tcp 127.0.0.1:10250: i/o timeout"#
        ),
        ("the node's error message", #"failed to try resolving symlinks in path "/var/log/pods/x/0.log": lstat"#),
        ("the node's error message", "unable to retrieve container logs for containerd://0123"),
        ("the node's error message", "failed to create fsnotify watcher: too many open files"),
        ("Docker's error message", "Error response from daemon: No such container: api"),
    ]

    @Test(
        "A log that ends with a tool's error is not whole without a count; with a count the error is reported",
        arguments: messages, ["", "\n"])
    func atTheEnd(message: (kind: String, text: String), end: String) async throws {
        let folder = try LogFolder()
        let plain = Self.blocks.joined() + message.text + end
        let prefixed = LogForm.prefix.text(Self.blocks.flatMap { $0.split(separator: "\n") }.map { ("p", String($0)) })
        for text in [plain, prefixed + message.text + end, prefixed + "[pod/p/bungalow] " + message.text + end] {
            let file = try folder.write(text, to: "pod.txt")
            let sentence = "pod.txt has \(message.kind) \"\(message.text)\": lines may be missing"
            let unchecked = try await Analysis.of([file])
            #expect(
                unchecked.completeness.line == "INCOMPLETE: 4 of an unknown number of requests; \(sentence)",
                "\(unchecked.completeness.line)")
            let checked = try await Analysis.of([file], expected: 4)
            #expect(checked.completeness == .complete("4 of 4 requests, by the test"))
            #expect(ResultsFile(checked).text.contains("Broken or missing (counted, not guessed):\n\t \(sentence)\n"))
        }
    }

    @Test("An error that has cut a line is reported", arguments: [1, 30, 60])
    func withinALine(byteCount: Int) async throws {
        let folder = try LogFolder()
        let text = Self.blocks[0] + Self.blocks[1].prefix(byteCount) + "error: unexpected EOF\n"
        let line = try await Analysis.of([try folder.write(text, to: "pod.txt")]).completeness.line
        #expect(line.hasPrefix("INCOMPLETE: ") && line.contains(#"message "error: unexpected EOF""#), "\(line)")
    }

    @Test("In other servers' logs, an error before further requests is the model's own")
    func ofTheModel() async throws {
        let folder = try LogFolder()
        let request = { (second: Int) in
            "127.0.0.1 - - [15/Oct/2019:12:33:0\(second) +0000] \"POST /score HTTP/1.0\" 200 176 \"-\" \"-\"\n"
                + "Headers:\n    X-Ms-Request-Id: a\(second)\nPrediction took 72.81 ms\n"
        }
        let text = request(1) + "error: no such column\n" + request(2)
        let analysis = try await Analysis.of([try folder.write(text, to: "pod.txt")], expected: 2)
        #expect(analysis.completeness == .complete("2 of 2 requests, by the test"))
        #expect(!ResultsFile(analysis).text.contains("no such column"))
    }
}
