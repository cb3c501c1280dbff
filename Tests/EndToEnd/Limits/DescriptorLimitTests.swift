import Foundation
import TestSupport
import Testing

/// Limits of open files that are lower than the connections need.
@Suite struct DescriptorLimitTests {
    private func start(_ limit: String, _ flags: [String]) throws -> ChildProcess {
        let script = "ulimit \(limit) || exit 1; exec \"$0\" \"$@\""
        let all = ["--port", "0", "--cache-url", "off", "--event-loops", "2", "--drain-delay-seconds", "0"] + flags
        return try ChildProcess("sh", ["-c", script, ServerProcess.binary.path] + all)
    }

    private func messages(_ limit: String, _ flags: [String]) throws -> String {
        let server = try start(limit, flags)
        _ = try server.standardError.waitForLine(containing: "listens on")
        server.signal(SIGTERM)
        #expect(try server.waitForExit() == 0)
        return server.standardError.text()
    }

    @Test("a hard limit that is too low is one warning with the limit, the need, and what to do")
    func warning() throws {
        let text = try messages("-n 200", ["--max-connections", "1000"])
        let warnings = text.split(separator: "\n").filter { $0.contains("warning") }
        #expect(warnings.count == 1, "\(text)")
        for part in ["limit of open files is 200,", "MAX_CONNECTIONS=1000 needs 1128:", "72 connections", "ulimit -n"] {
            #expect(warnings.first?.contains(part) == true, "\(text)")
        }
    }

    @Test("a soft limit that is too low is raised as far as it is needed, without a message")
    func raised() throws {
        #expect(!(try messages("-Sn 200", ["--max-connections", "300"])).contains("warning"))
        #expect(!(try messages("-n 200", ["--max-connections", "72"])).contains("warning"))
    }

    @Test("a limit at which the server's own files cannot be opened is one line, and exit code 71")
    func failure() throws {
        let server = try start("-n 20", [])
        #expect(try server.waitForExit() == 71)
        let text = server.standardError.text()
        #expect(text.hasPrefix("Error: the limit of open files is 20, and the server needs 28"), "\(text)")
        #expect(text.split(separator: "\n").count == 1, "\(text)")
    }
}
