import Foundation
import TestSupport
import Testing

/// `CACHE_PASSWORD_FILE`: the password of Redis from a file, against a real redis-server.
@Suite(.serialized) struct CachePasswordTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("password") }

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String) throws {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    private func start(_ redis: RedisProcess, _ credentials: String = "") throws -> ServerProcess {
        let url = "redis://\(credentials)127.0.0.1:\(redis.port)"
        return try ServerProcess(
            ["--cache-url", url, "--event-loops", "1", "--log-level", "trace"],
            environment: ["CACHE_PASSWORD_FILE": file])
    }

    private func expectSilence(_ server: ServerProcess, about secrets: String...) throws {
        #expect(try server.interrupt() == 0)
        for secret in secrets {
            #expect(!server.messages.contains(secret) && !server.log.contains(secret), "\(server.messages)")
        }
    }

    @Test("a password is read again on reconnect: a rotated one is used without a restart", .proves("C5.3", "T28"))
    func rotation() throws {
        try write("hunter-one\n")
        let redis = try RedisProcess(["--requirepass", "hunter-one"])
        let server = try start(redis)
        _ = try server.wait(for: "HIT")
        #expect(
            try redis.cli("--no-auth-warning", "-a", "hunter-one", "CONFIG", "SET", "requirepass", "hunter-two") == "OK"
        )
        try write("hunter-two\r\n")
        #expect(try redis.cli("--no-auth-warning", "-a", "hunter-two", "CLIENT", "KILL", "TYPE", "normal") == "1")
        _ = try server.wait(for: "HIT", "[\(ServerProcess.record(medInc: 2))]")
        try expectSilence(server, about: "hunter")
    }

    @Test(
        "a rotated password of an ACL user is used without a restart, and the file overrides the URL", .proves("C5.3"))
    func user() throws {
        try write("hunter-one")
        let redis = try RedisProcess()
        #expect(try redis.cli("ACL", "SETUSER", "ann:bob", "on", ">hunter-one", "~*", "+@all") == "OK")
        let server = try start(redis, "ann%3Abob:hunter-zero@")
        _ = try server.wait(for: "HIT")
        #expect(try redis.cli("ACL", "SETUSER", "ann:bob", "resetpass", ">hunter-two") == "OK")
        try write("hunter-two\n")
        #expect(try redis.cli("CLIENT", "KILL", "USER", "ann:bob") == "1")
        _ = try server.wait(for: "HIT", "[\(ServerProcess.record(medInc: 2))]")
        try expectSilence(server, about: "hunter")
    }

    @Test(
        "a changed password is used within 10 s on the connection in use, also through a Secret's links: no BYPASS",
        .proves("C5.3", "T28"))
    func liveConnection() throws {
        // As the kubelet does it: the file links to a file in a folder that is itself a link, which is replaced.
        let manager = FileManager.default
        for (folder, token) in [("one", "hunter-one"), ("two", String(repeating: "hunter-two", count: 1600))] {
            try manager.createDirectory(atPath: self.folder.path(folder), withIntermediateDirectories: true)
            try token.write(toFile: self.folder.path("\(folder)/password"), atomically: true, encoding: .utf8)
        }
        try manager.createSymbolicLink(atPath: folder.path("..data"), withDestinationPath: "one")
        try manager.createSymbolicLink(atPath: file, withDestinationPath: "..data/password")
        let redis = try RedisProcess()
        let second = String(repeating: "hunter-two", count: 1600)
        #expect(try redis.cli("ACL", "SETUSER", "ann", "on", ">hunter-one", ">\(second)", "~*", "+@all") == "OK")
        let server = try start(redis, "ann@")
        _ = try server.wait(for: "HIT")
        try manager.createSymbolicLink(atPath: folder.path("..new"), withDestinationPath: "two")
        #expect(rename(folder.path("..new"), folder.path("..data")) == 0)
        let start = Date()
        while !server.messages.contains("accepts the changed password") {
            #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "HIT")
            try #require(Date().timeIntervalSince(start) < 30)
        }
        #expect(try redis.cli("CLIENT", "LIST", "TYPE", "normal").components(separatedBy: "user=ann").count == 2)
        try expectSilence(server, about: "hunter")
    }

    @Test("a password file that cannot be read is a warning and BYPASS until it can be", .proves("C5.3"))
    func unreadable() throws {
        let redis = try RedisProcess(["--requirepass", "hunter-one"])
        let server = try start(redis, ":hunter-one@")
        let line = try server.waitForMessage("is not used until it answers")
        #expect(
            line.contains("authentication failed: the password cannot be read: No such file or directory"), "\(line)")
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try write("hunter-one\n")
        _ = try server.wait(for: "HIT")
        try expectSilence(server, about: "hunter")
    }

    @Test("a password file that disappears in use is one warning with its path; the last password stays in use")
    func goneLater() throws {
        try write("hunter-one\n")
        let redis = try RedisProcess(["--requirepass", "hunter-one"])
        let server = try start(redis)
        _ = try server.wait(for: "HIT")
        try FileManager.default.removeItem(atPath: file)
        #expect(try redis.cli("--no-auth-warning", "-a", "hunter-one", "CLIENT", "KILL", "TYPE", "normal") == "1")
        let line = try server.waitForMessage("the password cannot be read")
        #expect(line.contains("No such file or directory: CACHE_PASSWORD_FILE=\(file)"), "\(line)")
        _ = try server.wait(for: "HIT")
        #expect(server.messages.components(separatedBy: "the password cannot be read").count == 2)
        try write("hunter-one\n")
        try server.waitForMessage("the password can be read again")
        try expectSilence(server, about: "hunter")
    }

    @Test("a wrong password in the file is a BYPASS and a message, without the password", .proves("T34"))
    func wrong() throws {
        try write("hunter-zero\n")
        let redis = try RedisProcess(["--requirepass", "hunter-one"])
        let server = try start(redis)
        try server.waitForMessage("authentication failed: WRONGPASS")
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
        try write("hunter-one\n")
        _ = try server.wait(for: "HIT")
        try expectSilence(server, about: "hunter")
    }

    @Test("a password from a file goes through TLS")
    func encrypted() throws {
        let authority = try PrivateAuthority()
        try write("hunter-one\n")
        let port = try RedisProcess.freePort()
        let redis = try RedisProcess(
            try authority.redisFlags() + [
                "--tls-port", "\(port)", "--tls-auth-clients", "no", "--requirepass", "hunter-one",
            ])
        let server = try ServerProcess(
            ["--cache-url", "rediss://localhost:\(port)/1", "--event-loops", "1", "--log-level", "trace"],
            environment: ["CACHE_PASSWORD_FILE": file, "CACHE_CA_FILE": authority.certificate])
        _ = try server.wait(for: "HIT")
        #expect(try redis.cli("--no-auth-warning", "-a", "hunter-one", "-n", "1", "DBSIZE") == "1")
        try expectSilence(server, about: "hunter", "PRIVATE KEY")
    }
}

/// A folder that is removed when the test releases it.
private final class TemporaryFolder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}
