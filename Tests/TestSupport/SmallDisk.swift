#if os(Linux)
package import Foundation

/// A tmpfs of its own, which is full as soon as a test wants it to be.
package struct SmallDisk {
    package let folder: URL

    /// Whether a test may mount one here.
    package static let canBeMounted: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(bytes: 4096) else { return false }
        disk.unmount()
        return true
    }()

    package init(bytes: Int) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let mount = try ChildProcess.run(
            "mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path])
        guard mount.exitCode == 0 else {
            try FileManager.default.removeItem(at: folder)
            throw ChildProcess.Failure("mount: \(mount.error)")
        }
    }

    private var ballast: URL { folder.appending(path: "ballast") }

    /// Leaves no room, or at most `bytes`.
    package func fill(leaving bytes: Int = 0) throws {
        let descriptor = open(ballast.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            throw ChildProcess.Failure("\(ballast.path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        guard errno == ENOSPC else { throw ChildProcess.Failure("the disk does not become full") }
        guard bytes > 0 else { return }
        let size = lseek(descriptor, 0, SEEK_END)
        guard ftruncate(descriptor, size - bytes) == 0 else { throw ChildProcess.Failure("cannot make room") }
    }

    package func makeRoom() throws { try FileManager.default.removeItem(at: ballast) }

    package func unmount() {
        _ = try? ChildProcess.run("umount", ["--lazy", folder.path])
        try? FileManager.default.removeItem(at: folder)
    }
}
#endif
