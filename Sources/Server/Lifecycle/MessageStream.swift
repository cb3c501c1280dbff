import Dispatch
import Logging
import Platform
import Synchronization

/// stderr for the server's own messages: handing one over never waits, whether or not stderr is read.
///
/// A queue of its own writes them. A message is dropped if more than 64 KiB would be waiting with it. Once those before
/// it are written, the number of dropped messages is logged. The descriptor's blocking mode stays unchanged, since
/// other processes may share it.
final class MessageStream: TextOutputStream, Sendable {
    private struct Backlog {
        var bytes = 0
        var droppedMessages = 0
    }

    /// The process's stream.
    static let ofProcess = MessageStream(fileDescriptor: STDERR_FILENO)

    private static let capacityBytes = 64 << 10

    private let fileDescriptor: Int32
    private let queue = DispatchQueue(label: "stderr")
    private let unwritten = DispatchGroup()
    private let backlog = Mutex(Backlog())

    init(fileDescriptor: Int32) { self.fileDescriptor = fileDescriptor }

    /// A log handler that writes to this stream.
    func handler(_ label: String, _ level: Logger.Level) -> any LogHandler {
        var handler = StreamLogHandler(label: label, stream: self)
        handler.logLevel = level
        return handler
    }

    /// Hands a message over, from any thread.
    func write(_ message: String) {
        let bytes = Array(message.utf8)
        let isTaken = backlog.withLock { backlog in
            guard backlog.bytes + bytes.count <= Self.capacityBytes else {
                backlog.droppedMessages += 1
                return false
            }
            backlog.bytes += bytes.count
            return true
        }
        if isTaken { queue.async(group: unwritten) { self.finish(bytes, isWritten: self.put(bytes)) } }
    }

    /// Waits until everything handed over is written, but only briefly: stderr may not be read.
    func flush(within time: DispatchTimeInterval = .milliseconds(250)) {
        _ = unwritten.wait(timeout: .now() + time)
    }

    private func finish(_ message: [UInt8], isWritten: Bool) {
        let droppedMessages = backlog.withLock { backlog in
            backlog.bytes -= message.count
            if !isWritten { backlog.droppedMessages += 1 }
            // Logged only after a message that was written: after one that was not, this one would be lost as well.
            guard isWritten, backlog.bytes == 0 else { return 0 }
            defer { backlog.droppedMessages = 0 }
            return backlog.droppedMessages
        }
        guard droppedMessages > 0 else { return }
        Logger(label: "bungalow") { handler($0, .warning) }
            .warning("stderr can be written again; \(droppedMessages) messages were dropped meanwhile")
    }

    /// - Returns: false if the descriptor cannot be written: its reader has gone, or its disk is full.
    private func put(_ message: [UInt8]) -> Bool {
        var rest = message[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Platform.write(fileDescriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var request = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
