import Foundation
import Synchronization

/// A child's output, read by a thread of its own so that the child never blocks.
package final class CollectedOutput: Sendable {
    let pipe = Pipe()
    private let bytes = Mutex<Data>(Data())
    private let changed = NSCondition()
    private let ended = DispatchSemaphore(value: 0)

    /// Starts reading; the child must have been started, so that its end closes the pipe.
    func start() {
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

    /// All output so far.
    package func text() -> String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Waits until the text satisfies the condition.
    package func wait(seconds: Double = 30, _ isEnough: (String) -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !isEnough(text()) {
            let inTime = changed.withLock { changed.wait(until: min(deadline, Date().addingTimeInterval(0.05))) }
            guard inTime || Date() < deadline else {
                throw ChildProcess.Failure("timed out; so far: \(text().suffix(2000))")
            }
        }
    }

    /// Waits for a whole line with the text.
    package func waitForLine(containing part: String) throws -> String {
        var line: Substring?
        try wait { text in
            line = text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1).first { $0.contains(part) }
            return line != nil
        }
        return String(line ?? "")
    }
}
