import TestSupport

/// Another process that uses the same file: a Python program that prints a line when it has done its part.
final class SecondProcess {
    private let child: ChildProcess

    /// Runs `program` until it prints its first line; `path` is in `sys.argv[1]`.
    init(_ program: String, path: String) throws {
        child = try ChildProcess("python3", ["-c", program, path], hasInput: true)
        try child.standardOutput.wait { $0.contains("\n") }
    }

    /// Lets it continue after `sys.stdin.read()` and waits for its end.
    func finish() throws {
        try child.closeInput()
        guard try child.waitForExit() == 0 else { throw ChildProcess.Failure(child.standardError.text()) }
    }

    static func run(_ program: String, path: String) throws {
        try SecondProcess(program + "\nprint('done', flush=True)", path: path).finish()
    }
}
