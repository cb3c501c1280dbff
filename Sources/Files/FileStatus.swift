import Foundation

/// What the file system says of a file: which one it is, by device and inode, its kind and its permissions.
public struct FileStatus: Hashable, Sendable {
    private let device, inode: UInt64
    private let mode: UInt32

    /// Follows links; nil if there is nothing.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// What is open under a number; nil if nothing is.
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

    /// Whether it is a file with bytes in it, and no device, pipe or folder.
    public var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

    /// Whether what is written to it is what is read from it; a terminal and `/dev/null` are not so.
    var givesBackWhatItTakes: Bool { isRegular || mode & UInt32(S_IFMT) == UInt32(S_IFIFO) }

    /// Who may do what with it.
    var permissions: UInt32 { mode & 0o777 }
}
