import Files
import Foundation

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// One container instance's log while it is recorded into a file.
actor InstanceLog {
    /// The file, as it will be.
    let path: String
    /// Requests so far.
    private(set) var requests = 0
    private(set) var seam = LogSeam()
    private let draft: OutputFile.Draft
    private var counter: any RequestCounter
    private var byteCount = 0
    // Where the file would end if it held only the marked number of requests; nil while it holds no more.
    private var cut: (requests: Int, offset: Int?)?

    /// - Throws: `OperatorError` if the file cannot be written.
    init(path: String, counter: any RequestCounter) throws {
        self.path = path
        self.counter = counter
        draft = try OutputFile(path: path).draft(mode: 0o640)
    }

    /// Begins another stream of the log.
    func begin(isContinued: Bool) { seam.begin(isContinued: isContinued) }

    /// Takes the last line before the recording, which is not recorded.
    func skip(to lines: [UInt8]) throws {
        seam = LogSeam()
        try seam.read(lines) { _ in }
        seam.begin(isContinued: true)
    }

    /// - Throws: `LogSeam.Lost`, or `OperatorError` if the file cannot be written.
    func append(_ bytes: [UInt8]) throws {
        var text: [UInt8] = []
        try seam.read(bytes) { take($0, into: &text) }
        try write(text)
    }

    /// Ends a stream.
    func end(isLast: Bool) throws {
        var text: [UInt8] = []
        try seam.end(isLast: isLast) { take($0, into: &text) }
        try write(text)
    }

    /// Marks the file's end, in case it must hold only the requests so far.
    ///
    /// - Returns: the number of requests so far.
    func mark() -> Int {
        cut = (requests, nil)
        return requests
    }

    /// Ends the log at its own end; no more lines follow.
    func close() throws {
        try end(isLast: true)
        cut = nil
    }

    /// Puts the file in its place, without the requests after the last mark.
    ///
    /// - Returns: how many requests it holds.
    func finish() throws -> Int {
        do {
            try draft.descriptor.closeAfter {
                // A device or a FIFO has no draft that could be cut.
                if let offset = cut?.offset, draft.path != nil,
                    ftruncate(draft.descriptor.rawValue, off_t(offset)) != 0
                {
                    throw Errno(rawValue: errno)
                }
            }
            try draft.keep()
        } catch { throw OperatorError(.output, "\(path) cannot be written: \(error)") }
        return cut?.requests ?? requests
    }

    /// Keeps what a failed recording has got so far, if anything.
    func abandon() {
        guard byteCount == 0 else {
            _ = try? finish()
            return
        }
        try? draft.descriptor.close()
        draft.discard()
    }

    private func take(_ line: ArraySlice<UInt8>, into text: inout [UInt8]) {
        switch line.withUnsafeBytes({ counter.read($0) }) {
        // The recording began in the middle of a request, which does not belong to it.
        case .headless where requests == 0: return
        case .beginsRequest:
            if let cut, cut.requests == requests, cut.offset == nil {
                self.cut = (cut.requests, byteCount + text.count)
            }
            requests += 1
        case .headless, .other: break
        }
        text += line
    }

    private func write(_ text: [UInt8]) throws {
        guard !text.isEmpty else { return }
        do {
            byteCount += try draft.descriptor.writeAll(text)
        } catch { throw OperatorError(.output, "\(path) cannot be written: \(error)") }
    }
}
