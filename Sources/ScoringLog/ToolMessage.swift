import Bytes

/// A message of kubectl, a node or Docker in place of lines of a log, or after them.
package struct ToolMessage: Sendable, Equatable {
    /// The message's origin, such as "kubectl's error message".
    package let kind: String
    /// At most 200 bytes of it.
    package let text: String
    /// What to do where a file holds nothing else.
    package let advice: String

    private static let removedLog = "the node has removed the log; kubectl logs POD --previous asks for the one before"

    private static let marks: [(mark: StaticString, kind: String, advice: String)] = [
        ("error: ", "kubectl's error message", "ask again"),
        ("Error from server", "kubectl's error message", "ask again"),
        ("Unable to connect to the server", "kubectl's error message", "ask again"),
        (
            "The connection to the server ", "kubectl's error message",
            "kubectl config current-context shows which cluster it asks"
        ),
        ("No resources found", "kubectl's message", "kubectl get pods --show-labels lists the pods"),
        ("failed to try resolving symlinks in path", "the node's error message", removedLog),
        ("unable to retrieve container logs for ", "the node's error message", removedLog),
        (
            "failed to create fsnotify watcher", "the node's error message",
            "the node cannot follow more logs; kubectl logs POD --tail=-1 > POD.txt, without -f, writes the log"
        ),
        ("rpc error: code = ", "the node's error message", "ask again"),
        ("Error response from daemon", "Docker's error message", "docker ps -a lists the containers"),
        ("Error: No such container", "Docker's error message", "docker ps -a lists the containers"),
        ("error from daemon in stream", "Docker's error message", "ask again"),
        ("Cannot connect to the Docker daemon", "Docker's error message", "start Docker"),
    ]

    /// Which bytes a message begins with: nearly no line of a log does, and each line is looked at.
    private static let isFirstByte: [Bool] = marks.reduce(into: [Bool](repeating: false, count: 256)) {
        $0[Int($1.mark.utf8Start[0])] = true
    }

    /// Finds a message at a line's beginning, or after a piece of a line that it has cut.
    package init?(in line: UnsafeRawBufferPointer) {
        guard let first = line.first else { return nil }
        if Self.isFirstByte[Int(first)], let known = Self.marks.first(where: { line.hasPrefix($0.mark) }) {
            self.init(known.kind, String(decoding: line.prefix(200), as: UTF8.self), known.advice)
            return
        }
        // Both have an E, which few lines have, and which is found many times faster.
        guard line.position(of: UInt8(ascii: "E")) != nil else { return nil }
        guard line.contains("error: unexpected EOF") || line.contains("Error from server") else { return nil }
        let text = String(decoding: line.prefix(65_536), as: UTF8.self)
        guard let start = text.firstRange(of: "error: unexpected EOF") ?? text.firstRange(of: "Error from server")
        else { return nil }
        self.init("kubectl's error message", String(text[start.lowerBound...].prefix(200)), "ask again")
    }

    private init(_ kind: String, _ text: String, _ advice: String) {
        (self.kind, self.text, self.advice) = (kind, text, advice)
    }
}
