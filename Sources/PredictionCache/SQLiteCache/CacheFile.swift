import Logging
import Platform

/// The cache's file and its companions on disk: creating it, locking it, and setting a damaged one aside.
///
/// A database file that exists is never opened here: closing its descriptor would drop SQLite's locks in this process.
struct CacheFile: Sendable {
    /// Damaged files kept for inspection.
    static let keptDamagedFiles = 3

    let path: String

    /// Creates the folder and an empty file if they are missing, for the owner only; returns the file's status.
    @discardableResult
    func create() throws -> stat {
        for index in path.indices.dropFirst() where path[index] == "/" {
            guard mkdir(String(path[..<index]), 0o700) == 0 || errno == EEXIST else {
                throw Self.error("its folder cannot be made")
            }
        }
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 || errno == EEXIST else { throw Self.error("it cannot be made") }
        if descriptor >= 0 { close(descriptor) }
        guard let file = stat(path: path), file.st_mode & S_IFMT == S_IFREG else {
            throw CacheFileError.failing("it is not a file")
        }
        return file
    }

    /// Waits for the lock to open, create or replace the file, which one process holds at a time.
    ///
    /// Without it, a process could pair a new file with the log of a file that another process sets aside.
    func locked<Result>(until end: Date, _ body: () throws -> Result) throws -> Result {
        let descriptor = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error("its lock file cannot be made") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw Self.error("its lock file cannot be locked") }
            guard Date() < end else { throw CacheFileError.busy }
            usleep(2_000)
        }
        return try body()
    }

    /// Renames the damaged file and its log; keeps the last few of them.
    func setAside(because cause: String, _ logger: Logger) throws {
        let time = Date.ISO8601FormatStyle(
            dateSeparator: .omitted, timeSeparator: .omitted, includingFractionalSeconds: true)
        let name = "\(path).damaged-\(Date().formatted(time))"
        guard rename(path, name) == 0 else { throw Self.error("it is damaged and cannot be renamed") }
        for companion in ["-wal", "-shm"] where rename(path + companion, name + companion) != 0 {
            // SQLite would replay a remaining log into the new file.
            unlink(path + companion)
        }
        let url = URL(fileURLWithPath: path)
        let folder = url.deletingLastPathComponent().path
        let damaged = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(url.lastPathComponent + ".damaged-") && $0.hasSuffix("Z") }
        for old in damaged.sorted().dropLast(Self.keptDamagedFiles) { CacheFile(path: "\(folder)/\(old)").remove() }
        logger.warning("The cache file \(path) is damaged (\(cause)); it is kept as \(name) and a new one is started.")
    }

    /// Deletes the file and its log.
    func remove() {
        for name in ["", "-wal", "-shm"] { unlink(path + name) }
    }

    /// The error of the system call that just failed.
    private static func error(_ cause: String) -> CacheFileError {
        let code = errno
        let transient = [ENOSPC, EDQUOT, EINTR, EMFILE, ENFILE, ENOMEM, EIO]
        return .failing("\(cause): \(String(cString: strerror(code)))", isTransient: transient.contains(code))
    }
}

extension stat {
    /// The file that a path names now; nil if there is none.
    init?(path: String) {
        self.init()
        guard stat(path, &self) == 0 else { return nil }
    }

    func isSameFile(as other: stat?) -> Bool { st_dev == other?.st_dev && st_ino == other?.st_ino }
}
