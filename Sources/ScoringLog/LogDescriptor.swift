import Foundation

/// Why blocks of the scoring log were lost; the raw value is the label of `bungalow_log_lost_total`.
public enum ScoringLogLoss: String, Sendable, CaseIterable {
    /// Nobody reads any more, the descriptor is bad, or the log was closed before the block could be written.
    case closed
    /// The file system, a quota or a size limit has no room.
    case diskFull = "disk_full"
    /// The buffer stayed full; only lines of refused calls are given up for that.
    case slowReader = "slow_reader"
}

/// The file descriptor the log is written to, with every answer of `write(2)` put into one of three classes.
struct LogDescriptor: Sendable {
    enum Outcome {
        /// `isWhole` if it was all that was given.
        case wrote(Int, isWhole: Bool)
        /// The descriptor is non-blocking and takes nothing now.
        case wouldBlock
        case failed(ScoringLogLoss, reason: String)
    }

    let fileDescriptor: Int32

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        while true {
            let count = Foundation.write(fileDescriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return .wrote(count, isWhole: count == bytes.count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case ENOSPC, EDQUOT, EFBIG: return .failed(.diskFull, reason: Self.text(of: errno))
            default: return .failed(.closed, reason: Self.text(of: errno))
            }
        }
    }

    /// Waits until a write may go on; an error of the descriptor also ends the wait, and the next write names it.
    func waitUntilWritable(milliseconds: Int32) {
        var request = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, milliseconds)
    }

    /// Keeps the calling thread's writes from ending the process: a closed pipe and a file size limit raise signals.
    func silenceSignalsOfCallingThread() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGXFSZ)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        #if canImport(Darwin)
        // Darwin raises SIGPIPE in the process, not in the thread.
        _ = fcntl(fileDescriptor, F_SETNOSIGPIPE, 1)
        #endif
    }

    private static func text(of code: Int32) -> String {
        String(cString: strerror(code))
    }
}
