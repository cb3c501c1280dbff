import Foundation

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// A file that grows line by line and can be read meanwhile; keeps its old content until the first line is written.
public final class LineFile {
    private let file: OutputFile
    private let descriptor: FileDescriptor
    private var isBegun = false

    /// Opens the file, or creates it.
    ///
    /// - Throws: `OperatorError` if it cannot be written.
    public init(_ file: OutputFile) throws {
        self.file = file
        do {
            descriptor = try FileDescriptor.open(
                file.path, .writeOnly, options: [.create, .closeOnExec], permissions: .init(rawValue: 0o666))
        } catch {
            throw file.cannotBeWritten(error)
        }
    }

    deinit { try? descriptor.close() }

    /// Appends a line.
    ///
    /// - Throws: `OperatorError` if it cannot be written.
    public func append(_ line: String) throws {
        // Only a regular file has something to lose.
        if !isBegun { _ = ftruncate(descriptor.rawValue, 0) }
        isBegun = true
        do {
            _ = try descriptor.writeAll(Data("\(line)\n".utf8))
        } catch {
            throw file.cannotBeWritten(error)
        }
    }
}
