#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Text in a file or on standard input, read piece by piece: UTF-8, or UTF-16 with or without a byte-order mark, also
/// as gzip.
public struct TextFile: Sendable, Equatable {
    /// The file's path; nil is standard input.
    public let path: String?

    private static let chunkByteCount = 1 << 18

    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) { self.path = path == "-" ? nil : path }

    /// The status of the file at the path; nil if there is none.
    public var status: FileStatus? {
        path.map { FileStatus(path: $0) } ?? FileStatus(descriptor: FileDescriptor.standardInput.rawValue)
    }

    /// The file's first bytes; nil if it cannot be read, or if reading would consume them, as with a pipe.
    public func head(upTo byteCount: Int) -> [UInt8]? {
        guard path != nil, status?.isRegular == true, let descriptor = try? open() else { return nil }
        defer { try? descriptor.close() }
        return try? [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Reads the text as UTF-8 from beginning to end; memory is bounded by one piece.
    ///
    /// - Parameters:
    ///   - body: is called with each piece; must not keep the pointer.
    ///   - onDamage: called with the reason why a gzip could not be read to its end; without it that is an error.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    public func forEachPiece(
        _ body: (UnsafeRawBufferPointer) throws -> Void, onDamage: ((GzipDamage) -> Void)? = nil
    ) throws {
        var decoder = TextDecoder()
        var gzip: GzipReader?
        var isFirst = true
        try forEachChunk { chunk in
            if isFirst, chunk.starts(with: GzipReader.magic) { gzip = GzipReader() }
            isFirst = false
            guard let gzip else {
                try decoder.decode(chunk, body)
                return true
            }
            return try gzip.read(chunk) { try decoder.decode($0, body) }
        }
        try decoder.finish(body)
        guard let damage = gzip?.finish() else { return }
        guard let onDamage else { throw OperatorError(.input, "\(path ?? "standard input") \(damage.sentence)") }
        onDamage(damage)
    }

    /// - Parameter body: returns false if the rest is not needed.
    private func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        let descriptor = try open()
        defer { if path != nil { try? descriptor.close() } }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkByteCount, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do {
                count = try descriptor.read(into: buffer)
            } catch {
                throw OperatorError(.input, "\(path ?? "standard input") cannot be read: \(error)")
            }
            if count == 0 { return }
            guard try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }

    private func open() throws -> FileDescriptor {
        guard let path else { return .standardInput }
        do {
            return try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        } catch {
            throw OperatorError(.input, "\(path) cannot be opened: \(error); name the log files that you have")
        }
    }
}
