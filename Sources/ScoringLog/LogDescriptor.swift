import Platform

/// Why blocks of the scoring log were lost; the raw value is the label of `bungalow_log_lost_total`.
public enum ScoringLogLossReason: String, Sendable, CaseIterable {
    /// The reader has gone, the descriptor is invalid, or the log was closed before the block could be written.
    case closed
    /// The file system is full, or a quota or a size limit is reached.
    case diskFull = "disk_full"
    /// The buffer stayed full; only lines of rejected requests are dropped for this reason.
    case slowReader = "slow_reader"
}

/// The file descriptor that the log is written to, with each result of `write(2)` in one of three classes.
struct LogDescriptor: Sendable {
    enum Outcome {
        /// `isWhole` if the descriptor took all the bytes.
        case wrote(Int, isWhole: Bool)
        /// The descriptor is non-blocking and takes nothing now.
        case wouldBlock
        case failed(ScoringLogLossReason, message: String)
    }

    let fileDescriptor: Int32

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        while true {
            let count = Platform.write(fileDescriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return .wrote(count, isWhole: count == bytes.count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case ENOSPC, EDQUOT, EFBIG: return .failed(.diskFull, message: Self.text(of: errno))
            default: return .failed(.closed, message: Self.text(of: errno))
            }
        }
    }

    /// Waits until a write can continue. An error of the descriptor also ends the wait; the next write returns it.
    func waitUntilWritable(milliseconds: Int32) {
        var request = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, milliseconds)
    }

    /// Blocks the signals that a closed pipe and a file size limit raise in the calling thread, since they would end the
    /// process.
    func blockSignalsOfCallingThread() {
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
