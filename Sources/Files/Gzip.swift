import CZlib

/// Why a gzip could not be read to its end.
public enum GzipDamage: Sendable, Equatable {
    /// It ends too early, as after an interrupted download.
    case truncated
    /// Its bytes have been changed, or something else follows it.
    case corrupt
    /// It expands to more than a thousand times its size.
    case bomb

    /// The text for people, to follow the file's name.
    public var sentence: String {
        switch self {
        case .truncated: "ends in the middle of its gzip: the end is missing; copy or download it again"
        case .corrupt: "is a gzip that is damaged somewhere (gzip -t shows it); copy or download it again"
        case .bomb:
            "is a gzip that expands to more than 1000 times its size: not read beyond 64 MiB, since no log does that"
        }
    }
}

/// Expands gzip in chunks of any size, one member after another; memory is bounded by two buffers.
final class GzipReader {
    static let magic: [UInt8] = [0x1F, 0x8B]
    private static let outputByteCount = 1 << 18
    private static let harmlessByteCount = 64 << 20
    private static let maximumRatio = 1000

    // zlib keeps this address.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputByteCount, alignment: 64)
    private var isBetweenMembers = false
    private var inputCount = 0
    private var outputCount = 0
    private var damage: GzipDamage?

    init() {
        stream.initialize(to: z_stream())
        let gzipOnly: Int32 = 15 + 16
        let status = inflateInit2_(stream, gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if status != Z_OK { damage = .corrupt }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    /// Expands the next bytes.
    ///
    /// - Returns: false if the rest cannot be read.
    func read(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Bool {
        inputCount += bytes.count
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        while damage == nil {
            if isBetweenMembers, !beginMember() { return damage == nil }
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            let status = inflate(stream, Z_NO_FLUSH)
            let count = output.count - Int(stream.pointee.avail_out)
            outputCount += count
            if count > 0 { try body(UnsafeRawBufferPointer(rebasing: output[..<count])) }
            if outputCount > Self.harmlessByteCount, outputCount / Self.maximumRatio > inputCount { damage = .bomb }
            switch status {
            case Z_STREAM_END: isBetweenMembers = true
            case Z_OK where stream.pointee.avail_out == 0 || stream.pointee.avail_in > 0: break
            case Z_OK, Z_BUF_ERROR: return damage == nil
            default: damage = .corrupt
            }
        }
        return false
    }

    /// What is wrong with it, after its last byte was read.
    func finish() -> GzipDamage? { damage ?? (isBetweenMembers ? nil : .truncated) }

    /// Begins the next member, if there are bytes of one; zero bytes may pad a file.
    private func beginMember() -> Bool {
        while stream.pointee.avail_in > 0, stream.pointee.next_in?.pointee == 0 {
            stream.pointee.next_in += 1
            stream.pointee.avail_in -= 1
        }
        guard stream.pointee.avail_in > 0 else { return false }
        guard stream.pointee.next_in?.pointee == Self.magic[0], inflateReset(stream) == Z_OK else {
            damage = .corrupt
            return false
        }
        isBetweenMembers = false
        return true
    }
}
