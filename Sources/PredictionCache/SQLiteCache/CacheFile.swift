import Foundation

/// The cache's file and its companions on disk: making it, naming it, and setting a damaged one aside.
///
/// The database file itself is never opened here: closing any descriptor of it would drop SQLite's locks on it in this
/// whole process.
struct CacheFile: Sendable {
    /// Damaged files kept for whoever wants to look at them.
    static let keptDamagedFiles = 3

    let path: String

    private var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    /// Makes the folder and an empty file where they are missing, for the owner's eyes only.
    func create() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.unusable(path, "its folder cannot be made", code: Self.code(of: error))
        }
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            _ = Foundation.close(descriptor)
        } else if errno != EEXIST {
            throw Self.unusable(path, "it cannot be made", code: errno)
        } else if !FileIdentity.isRegularFile(path) {
            throw Self.unusable(path, "it is no file")
        }
    }

    /// Renames the damaged file and its log out of the way and returns the new name; keeps the last few of them.
    func setAside(at date: Date) throws -> String {
        let stamp = Self.stamp(of: date)
        var target = "\(path).damaged-\(stamp)"
        var attempt = 1
        while FileIdentity(of: target) != nil {
            attempt += 1
            target = "\(path).damaged-\(stamp)-\(attempt)"
        }
        guard rename(path, target) == 0 else {
            throw Self.unusable(path, "it is damaged and cannot be renamed", code: errno)
        }
        for companion in ["-wal", "-shm"] where rename(path + companion, target + companion) != 0 {
            // A log left behind would be played into the new file.
            _ = unlink(path + companion)
        }
        removeOldDamagedFiles()
        return target
    }

    /// UTC in the basic form of ISO 8601, which sorts by time and has no character that a file name may not have.
    private static func stamp(of date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d%02d%02dT%02d%02d%02dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1,
            Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    }

    /// Deletes the file and its log; for a cache that is larger than it may be.
    func remove() {
        for name in ["", "-wal", "-shm"] { _ = unlink(path + name) }
    }

    private func removeOldDamagedFiles() {
        let prefix = URL(fileURLWithPath: path).lastPathComponent + ".damaged-"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let damaged = names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
        for name in damaged.sorted(by: { $0.compare($1, options: .numeric) == .orderedAscending })
            .dropLast(Self.keptDamagedFiles)
        {
            for companion in ["", "-wal", "-shm"] { _ = unlink("\(folder)/\(name)\(companion)") }
        }
    }

    static func unusable(_ path: String, _ what: String, code: Int32) -> SQLitePredictionStoreError {
        unusable(path, "\(what): \(String(cString: strerror(code)))", mayPass: passing.contains(code))
    }

    static func unusable(_ path: String, _ what: String, mayPass: Bool = false) -> SQLitePredictionStoreError {
        SQLitePredictionStoreError(
            description: "The cache file \(path) cannot be used, \(what). "
                + "Name another file with CACHE_URL=sqlite:PATH, or none with CACHE_URL=off.",
            mayPass: mayPass)
    }

    /// No room, somebody else's lock, too many open files, a failing disk.
    private static let passing = [ENOSPC, EDQUOT, EWOULDBLOCK, EINTR, EMFILE, ENFILE, ENOMEM, EIO]

    private static func code(of error: any Error) -> Int32 {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        return [underlying, error].compactMap { $0 }.first { $0.domain == NSPOSIXErrorDomain }
            .map { Int32(clamping: $0.code) } ?? EACCES
    }
}

/// Which file a path names at the moment.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let node: UInt64

    init?(of path: String) {
        guard let status = Self.status(of: path) else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        node = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// Bytes, or 0 where there is no such file.
    static func size(of path: String) -> Int {
        status(of: path).map { Int($0.st_size) } ?? 0
    }

    /// Whether the path leads to a file, and not to a folder or device.
    static func isRegularFile(_ path: String) -> Bool {
        status(of: path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}

/// The right to open, make or replace a cache file, held by one process at a time and let go with its last reference.
///
/// Without it, a process that opens the path while another one sets a damaged file aside could pair the new file with
/// the old log.
final class CacheFileLock {
    private let descriptor: Int32

    /// Waits for the lock until `patience` seconds have passed.
    init(of file: CacheFile, patience: Double) throws {
        descriptor = open(file.path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CacheFile.unusable(file.path, "its lock file cannot be made", code: errno)
        }
        let end = Date().addingTimeInterval(patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, Date() < end else {
                let code = errno
                _ = close(descriptor)
                throw CacheFile.unusable(file.path, "its lock file cannot be locked", code: code)
            }
            usleep(2_000)
        }
    }

    deinit {
        _ = close(descriptor)
    }
}
