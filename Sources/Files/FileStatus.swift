import Foundation

/// A file's identity (device and inode), kind and permissions, as stat(2) reports them.
public struct FileStatus: Hashable, Sendable {
    private let device, inode: UInt64
    private let mode: UInt32

    /// Follows links; nil if the file does not exist.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open descriptor; nil if it is closed.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        mode = UInt32(status.st_mode)
    }

    /// Whether it is a regular file, not a device, pipe or folder.
    public var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

    /// Whether bytes written to it can be read from it again, as they cannot from a terminal or `/dev/null`.
    var returnsWhatIsWritten: Bool { isRegular || mode & UInt32(S_IFMT) == UInt32(S_IFIFO) }

    /// The permission bits.
    var permissions: UInt32 { mode & 0o777 }
}
