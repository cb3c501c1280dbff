import Foundation

/// The cache's file and its companions on disk: making it, locking it, and setting a damaged one aside.
///
/// The database file itself is never opened here once it exists: closing any descriptor of it would drop SQLite's locks
/// on it in this whole process.
struct CacheFile: Sendable {
    /// Damaged files kept for inspection.
    static let keptDamagedFiles = 3

    let path: String

    /// Makes the folder and an empty file where they are missing, readable for the owner only.
    func create() throws {
        for index in path.indices.dropFirst() where path[index] == "/" {
            guard mkdir(String(path[..<index]), 0o700) == 0 || errno == EEXIST else {
                throw unusable("its folder cannot be made", errno)
            }
        }
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw unusable("it cannot be made", errno)
        } else if FileStatus(of: path)?.isRegular != true {
            throw CacheFileError.unusable(path, "it is no file")
        }
    }

    /// Holds the right to open, make or replace the file, which one process has at a time.
    ///
    /// Without it, a process that opens the path while another one sets a damaged file aside could pair the new file with
    /// the old log.
    ///
    /// - Parameter patience: seconds to wait for another process.
    func locked<Result>(patience: Double, _ body: () throws -> Result) throws -> Result {
        let descriptor = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unusable("its lock file cannot be made", errno) }
        defer { close(descriptor) }
        let end = Date().addingTimeInterval(patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, Date() < end else {
                throw unusable("its lock file cannot be locked", errno)
            }
            usleep(2_000)
        }
        return try body()
    }

    /// Renames the damaged file and its log out of the way and returns the new name; keeps the last few of them.
    func setAside() throws -> String {
        // No character that a file name may not have.
        let time = Date().formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let names = (["", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"]).map { "\(path).damaged-\(time)\($0)" }
        let name = names.first { FileStatus(of: $0) == nil } ?? names[0]
        guard rename(path, name) == 0 else { throw unusable("it is damaged and cannot be renamed", errno) }
        for companion in ["-wal", "-shm"] where rename(path + companion, name + companion) != 0 {
            // A log left behind would be played into the new file.
            unlink(path + companion)
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let prefix = URL(fileURLWithPath: path).lastPathComponent + ".damaged-"
        let damaged = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        for old in damaged.sorted().dropLast(Self.keptDamagedFiles) { CacheFile(path: "\(folder)/\(old)").remove() }
        return name
    }

    /// Deletes the file and its log.
    func remove() {
        for name in ["", "-wal", "-shm"] { unlink(path + name) }
    }

    private func unusable(_ cause: String, _ code: Int32) -> CacheFileError {
        let transient = [ENOSPC, EDQUOT, EWOULDBLOCK, EINTR, EMFILE, ENFILE, ENOMEM, EIO]
        return .unusable(path, "\(cause): \(String(cString: strerror(code)))", isTransient: transient.contains(code))
    }
}

/// Which file a path names at the moment, and what it is.
struct FileStatus: Sendable {
    let device: UInt64
    let node: UInt64
    let size: Int
    /// Not a folder or device.
    let isRegular: Bool

    /// Nil where there is no such file.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        node = UInt64(truncatingIfNeeded: status.st_ino)
        size = Int(status.st_size)
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }

    func isSameFile(as other: FileStatus?) -> Bool { device == other?.device && node == other?.node }
}
