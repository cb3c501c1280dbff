public import Foundation

#if canImport(System)
public import System
#else
public import SystemPackage
#endif

/// A file that results are written to: never one of the inputs, and never half-written where it can be replaced at once.
///
/// A regular file is replaced as a whole, through links too, and keeps its permissions. A device, a FIFO or anything
/// else that is not a regular file is written to directly.
public struct OutputFile: Sendable {
    /// As the caller named it.
    public let path: String
    /// Where the regular file is or will be, links resolved; nil for anything else.
    private let replaced: String?

    /// Names the file, without touching anything.
    ///
    /// - Parameter inputs: files that are read and must not change.
    /// - Throws: `OperatorError` if it is one of the inputs, or has no name.
    public init(path: String, inputs: [TextFile] = []) throws {
        guard !path.isEmpty else { throw OperatorError(.request, "a file to write has no name; give one") }
        let status = FileStatus(path: path)
        if let status, status.returnsWhatIsWritten,
            let input = inputs.first(where: { $0.status == status })
        {
            throw OperatorError(
                .request, "\(path) is the input \(input.path ?? "standard input") and would be lost; name another file")
        }
        self.path = path
        replaced = Self.replaceable(path, status)
    }

    /// Whether both paths lead to the same file.
    public func isSame(as other: Self) -> Bool {
        guard let replaced, let theirs = other.replaced else { return false }
        return URL(filePath: replaced).standardizedFileURL.path == URL(filePath: theirs).standardizedFileURL.path
    }

    private static func replaceable(_ path: String, _ status: FileStatus?) -> String? {
        guard let status else {
            // A dangling link: opening it creates the file that it names.
            var link = stat()
            return lstat(path, &link) == 0 ? nil : path
        }
        guard status.isRegular, let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Writes the file: completely or, if it is a regular file, not at all.
    ///
    /// - Throws: `OperatorError` if it cannot be written.
    public func write(_ data: Data) throws {
        let draft = try draft()
        do {
            try draft.descriptor.closeAfter { _ = try draft.descriptor.writeAll(data) }
            try draft.keep()
        } catch {
            draft.discard()
            throw cannotBeWritten(error)
        }
    }

    /// A file that is written first and then takes the target's place.
    public struct Draft {
        /// Where to write.
        public let descriptor: FileDescriptor
        /// Its path; nil if nothing is replaced.
        public let path: String?
        fileprivate let target: String

        /// Replaces the file with the draft.
        ///
        /// - Throws: `Errno` if it cannot be replaced.
        public func keep() throws {
            guard let path, rename(path, target) != 0 else { return }
            throw Errno(rawValue: errno)
        }

        /// Removes the draft; the file stays as it was.
        public func discard() {
            if let path { unlink(path) }
        }
    }

    /// Opens a draft beside a regular file, or the target itself if it is anything else.
    ///
    /// - Parameter mode: of a new file, before the caller's umask.
    /// - Throws: `OperatorError` if it cannot be opened.
    public func draft(mode: UInt16 = 0o666) throws -> Draft {
        let permissions = FilePermissions(rawValue: CModeT(mode))
        do {
            guard let replaced else {
                let descriptor = try FileDescriptor.open(
                    path, .writeOnly, options: [.create, .closeOnExec], permissions: permissions)
                return Draft(descriptor: descriptor, path: nil, target: path)
            }
            let draft = "\(replaced).\(getpid()).part"
            let descriptor = try FileDescriptor.open(
                draft, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: permissions)
            if let old = FileStatus(path: replaced) { fchmod(descriptor.rawValue, mode_t(old.permissions)) }
            return Draft(descriptor: descriptor, path: draft, target: replaced)
        } catch {
            throw cannotBeWritten(error)
        }
    }

    func cannotBeWritten(_ error: any Error) -> OperatorError {
        error as? OperatorError ?? OperatorError(.output, "\(path) cannot be written: \(error)")
    }
}
