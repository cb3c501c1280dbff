private import CSimdjson
import NIOCore

/// Memory for one body at a time, and for the bytes after it that simdjson may read; one per event loop.
final class PaddedBuffer {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var count = keptBytes
    private static let padding = row_reader_padding()

    init() { bytes = .allocate(capacity: Self.keptBytes) }

    deinit { bytes.deallocate() }

    /// Calls the closure with a body's bytes, which it must not keep.
    ///
    /// NIO does not report whether its buffer may be read beyond its end, so the bytes are copied to where this is
    /// safe.
    func with<Answer>(_ body: ByteBuffer, _ read: (UnsafePointer<UInt8>) -> Answer) -> Answer {
        let needed = body.readableBytes + Self.padding
        if count < needed { replace(needed) }
        defer { if count > Self.keptBytes { replace(Self.keptBytes) } }
        body.withUnsafeReadableBytes { source in
            guard let start = source.baseAddress else { return }
            UnsafeMutableRawPointer(bytes).copyMemory(from: start, byteCount: source.count)
        }
        (bytes + body.readableBytes).initialize(repeating: 0, count: Self.padding)
        return read(bytes)
    }

    private func replace(_ count: Int) {
        bytes.deallocate()
        bytes = .allocate(capacity: count)
        self.count = count
    }

    /// What a body of usual size needs; larger memory is freed after use.
    private static let keptBytes = 256 << 10
}
