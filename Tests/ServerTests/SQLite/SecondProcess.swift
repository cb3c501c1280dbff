import Foundation

/// Another process at the same file: a Python program that says a line when it has done its part.
final class SecondProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Runs `program` until it prints its first line; `path` is in `sys.argv[1]`.
    init(_ program: String, path: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program, path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard output.fileHandleForReading.availableData.isEmpty == false else { throw SecondProcessFailure() }
    }

    /// Lets it go on from `sys.stdin.read()` and waits for its end.
    func finish() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw SecondProcessFailure() }
    }

    static func run(_ program: String, path: String) throws {
        try SecondProcess(program + "\nprint('done', flush=True)", path: path).finish()
    }
}

struct SecondProcessFailure: Error {}
