import CSpawn
import Foundation
import Synchronization

/// A child process whose output is collected while it runs; killed if it still runs when the test releases it.
///
/// It starts programs with `posix_spawn`: Foundation's `Process` reads past the end of a directory entry and crashes at
/// random on Linux up to Swift 6.3.1 (swift-corelibs-foundation, pull request 5472).
package final class ChildProcess: Sendable {
    /// What went wrong with a child, in words.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    package let standardOutput = CollectedOutput()
    package let standardError = CollectedOutput()
    private let standardInput = Pipe()
    private let life: ProcessLife

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: its file, or a name to find in PATH.
    ///   - environment: variables on top of PATH, HOME and the like; the server's own are not inherited.
    ///   - hasInput: whether its standard input stays open until `closeInput()`; otherwise it is empty.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], hasInput: Bool = false
    ) throws {
        // The sanitizers' options say where reports go; servers may be built with one too.
        let inherited = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS"]
        let environment = ProcessInfo.processInfo.environment.filter { inherited.contains($0.key) }
            .merging(environment) { $1 }
        let streams = [
            standardInput.fileHandleForReading, standardOutput.pipe.fileHandleForWriting,
            standardError.pipe.fileHandleForWriting,
        ]
        life = ProcessLife(
            processID: try spawn(
                [program] + arguments, environment: environment, streams: streams.map(\.fileDescriptor)))
        try standardInput.fileHandleForReading.close()
        if !hasInput { try closeInput() }
        standardOutput.start()
        standardError.start()
    }

    deinit { signal(SIGKILL) }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit code, or 128 and the signal's number, and what it wrote.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (exitCode: Int32, output: String, error: String) {
        let child = try ChildProcess(program, arguments, environment: environment)
        let code = try child.waitForExit()
        return (code, child.standardOutput.text(), child.standardError.text())
    }

    package var processID: Int32 { life.processID }

    /// Whether it has ended.
    package var hasEnded: Bool { life.hasEnded }

    /// Sends a signal, unless the process has ended.
    package func signal(_ number: Int32) { life.signal(number) }

    /// Ends its standard input.
    package func closeInput() throws { try standardInput.fileHandleForWriting.close() }

    /// Waits until the program has ended and its output is read.
    ///
    /// - Returns: the exit code, or 128 and the signal's number.
    package func waitForExit(seconds: Int = 60) throws -> Int32 {
        guard let exitCode = life.exitCode(within: seconds) else {
            throw Failure("process \(processID) is still running after \(seconds) s")
        }
        standardOutput.waitForEnd()
        standardError.waitForEnd()
        return exitCode
    }
}

/// A process from its start until a thread of its own has collected its exit code.
private final class ProcessLife: Sendable {
    let processID: pid_t
    private let status = Mutex<Int32?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(processID: pid_t) {
        self.processID = processID
        Thread { [self] in
            // The process stays a zombie until the lock is held, so that no signal reaches another process with its
            // number.
            var information = siginfo_t()
            while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            status.withLock { status in
                var code: Int32 = 0
                while waitpid(processID, &code, 0) == -1, errno == EINTR {}
                status = code
            }
            ended.signal()
        }.start()
    }

    var hasEnded: Bool { status.withLock { $0 != nil } }

    func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(processID, number) } }
    }

    func exitCode(within seconds: Int) -> Int32? {
        guard ended.wait(timeout: .now() + .seconds(seconds)) == .success else { return nil }
        ended.signal()
        // As the macros of wait(2) do: the low seven bits are the signal, the next byte the exit code.
        return status.withLock { $0.map { $0 & 0x7F == 0 ? $0 >> 8 & 0xFF : 128 + $0 & 0x7F } }
    }
}

private func spawn(_ arguments: [String], environment: [String: String], streams: [Int32]) throws -> pid_t {
    let argumentPointers = arguments.map { strdup($0) } + [nil]
    let environmentPointers = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argumentPointers + environmentPointers).forEach { free($0) } }
    var processID = pid_t()
    let code = spawn_with_streams(&processID, arguments[0], argumentPointers, environmentPointers, streams)
    guard code == 0 else {
        throw ChildProcess.Failure("cannot start \(arguments[0]): \(String(cString: strerror(code)))")
    }
    return processID
}
