import Foundation
import Synchronization
import Testing

/// A child process whose output is collected while it runs; killed if it is still running when nobody needs it.
final class ChildProcess {
    let standardOutput = CollectedOutput()
    let standardError = CollectedOutput()
    private let process = Process()
    private let exited = DispatchSemaphore(value: 0)

    /// Starts a program.
    ///
    /// - Parameter environment: variables on top of PATH, HOME and the like; the server's own are not inherited.
    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        let inherited = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"]
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { inherited.contains($0.key) }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = standardOutput.pipe
        process.standardError = standardError.pipe
        process.terminationHandler = { [exited] _ in exited.signal() }
        try process.run()
        standardOutput.start()
        standardError.start()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var processID: Int32 { process.processIdentifier }

    /// Waits until the program has ended and its output is read.
    ///
    /// - Returns: the exit code, or 128 and the signal's number.
    func waitForExit(seconds: Int = 60) throws -> Int32 {
        try #require(exited.wait(timeout: .now() + .seconds(seconds)) == .success, "still running")
        exited.signal()
        standardOutput.waitForEnd()
        standardError.waitForEnd()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

/// What a child writes, read by a thread of its own so that the child never blocks.
final class CollectedOutput: Sendable {
    let pipe = Pipe()
    private let bytes = Mutex<Data>(Data())
    private let changed = NSCondition()
    private let ended = DispatchSemaphore(value: 0)

    /// Begins to read; the child must have been started, so that its end closes the pipe.
    fileprivate func start() {
        try? pipe.fileHandleForWriting.close()
        let thread = Thread { [self] in
            while true {
                let part = pipe.fileHandleForReading.availableData
                if part.isEmpty { break }
                bytes.withLock { $0.append(part) }
                changed.withLock { changed.broadcast() }
            }
            changed.withLock { changed.broadcast() }
            ended.signal()
        }
        thread.start()
    }

    func waitForEnd() {
        ended.wait()
        ended.signal()
    }

    /// All of it so far.
    func text() -> String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Waits until the text is as wanted.
    func wait(seconds: Double = 30, _ isEnough: (String) -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !isEnough(text()) {
            let inTime = changed.withLock { changed.wait(until: min(deadline, Date().addingTimeInterval(0.05))) }
            try #require(inTime || Date() < deadline, "waited in vain; so far: \(text().suffix(2000))")
        }
    }

    /// Waits for a whole line with the text.
    func waitForLine(containing part: String) throws -> String {
        func line() -> Substring? {
            let text = text()
            return text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1).first { $0.contains(part) }
        }
        try wait { _ in line() != nil }
        return String(try #require(line()))
    }
}
