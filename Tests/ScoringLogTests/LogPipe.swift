import Foundation
import Testing

@testable import ScoringLog

/// A real pipe of one page, so that a reader that does not read blocks the writer at once.
final class LogPipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32

    init(isNonBlocking: Bool = false) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
        #if os(Linux)
        // F_SETPIPE_SZ, which is not imported.
        try #require(fcntl(writeEnd, 1031, 4096) >= 4096)
        #endif
        if isNonBlocking { try #require(fcntl(writeEnd, F_SETFL, O_NONBLOCK) == 0) }
    }

    /// Reads to the end of the pipe in small pieces.
    func readToEnd() -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 777)
        while true {
            let count = read(readEnd, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    /// Starts to read to the end on a thread of its own.
    func startReading() -> PendingBytes {
        PendingBytes { [self] in readToEnd() }
    }

    func closeReadEnd() { close(readEnd) }
    func closeWriteEnd() { close(writeEnd) }

    /// Closes the pipe's write end and leaves its descriptor open on `/dev/null`, so that a thread which may still use
    /// the descriptor meets no other file. A write in progress ends first: only then does the reader see the end.
    func detachWriteEnd() throws {
        let null = open("/dev/null", O_WRONLY)
        try #require(null >= 0 && dup2(null, writeEnd) == writeEnd)
        close(null)
    }
}

/// Bytes that another thread is making.
final class PendingBytes: Sendable {
    private let bytes: Locked<[UInt8]> = Locked([])
    private let done = DispatchSemaphore(value: 0)

    init(_ make: @escaping @Sendable () -> [UInt8]) {
        Thread { [self] in
            bytes.set(make())
            done.signal()
        }.start()
    }

    /// Waits for them; once.
    func wait() -> [UInt8] {
        done.wait()
        return bytes.get()
    }
}
