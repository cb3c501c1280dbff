import Foundation
import TestSupport
import Testing

/// One run of the built `bungalow`, in a folder of its own that is removed with it.
final class AnalyzerRun {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name))
        return path(name)
    }

    func read(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// The output and exit code of a run.
    struct Outcome {
        let exitCode: Int32
        let output, error: String
    }

    /// Starts it without waiting.
    ///
    /// - Parameters:
    ///   - input: lines for its standard input, which ends after them.
    ///   - environment: variables on top of PATH, HOME and the like.
    ///   - redirection: of its streams, in the shell's words.
    func start(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], redirection: String = ""
    ) throws -> ChildProcess {
        // `exec`, so that signals reach the program itself.
        let script = #"cd "$1"; input=$2; shift 2; exec "$0" "$@" <"$input" "# + redirection
        let binary = ServerProcess.binary.deletingLastPathComponent().appending(path: "bungalow")
        return try ChildProcess(
            "/bin/sh",
            ["-c", script, binary.path, folder.path, try write(input, to: "standard-input")] + arguments,
            environment: environment)
    }

    /// Runs something slow, and leaves the thread to other tests meanwhile.
    func runAside(_ arguments: [String], environment: [String: String]) async throws -> Outcome {
        let child = try start(arguments, input: "", environment: environment, redirection: "")
        let end = Date() + 90
        while !child.hasEnded, Date() < end { try await Task.sleep(for: .milliseconds(20)) }
        let code = try child.waitForExit(seconds: 1)
        return Outcome(exitCode: code, output: child.standardOutput.text(), error: child.standardError.text())
    }

    func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], redirection: String = ""
    ) throws -> Outcome {
        let child = try start(arguments, input: input, environment: environment, redirection: redirection)
        let code = try child.waitForExit()
        return Outcome(exitCode: code, output: child.standardOutput.text(), error: child.standardError.text())
    }
}
