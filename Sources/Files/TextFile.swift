#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Text in a file or on standard input, read piece by piece: UTF-8, or UTF-16 with or without a byte-order mark.
public struct TextFile: Sendable, Equatable {
    /// The file's path; nil is standard input.
    public let path: String?

    private static let chunkByteCount = 1 << 18

    /// - Parameter path: of a file; `-` is standard input.
    public init(path: String) { self.path = path == "-" ? nil : path }

    /// What the path leads to; nil if there is nothing.
    public var status: FileStatus? {
        path.map { FileStatus(path: $0) } ?? FileStatus(descriptor: FileDescriptor.standardInput.rawValue)
    }

    /// The first bytes as they are in the file; nil if it cannot be read, or reading it would consume them, as of a pipe.
    public func head(upTo byteCount: Int) -> [UInt8]? {
        guard path != nil, status?.isRegular == true, let descriptor = try? open() else { return nil }
        defer { try? descriptor.close() }
        return try? [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Reads the text as UTF-8 from beginning to end; memory is bounded by one piece.
    ///
    /// - Parameter body: is called with each piece; must not keep the pointer.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    public func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var decoder = TextDecoder()
        try forEachChunk { try decoder.decode($0, body) }
        try decoder.finish(body)
    }

    private func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
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
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
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
