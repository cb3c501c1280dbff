import Foundation
import Synchronization
import TestSupport
import Testing

/// The cache of `CACHE_URL=redis://…`, against a real redis-server.
@Suite(.serialized) struct RedisCacheTests {
    private static let key = "bungalow:default:6d8d321e9462a021:e6cbfb3a74a56e69b3062ff4f3da035a"

    private func serve(_ url: String, _ more: String...) throws -> ServerProcess {
        let server = try ServerProcess(["--cache-url", url, "--event-loops", "1"] + more)
        try server.waitForMessage("answers")
        return server
    }

    /// Repeats a request until the header has the value: the server does not await its stores, so the test has to.
    private func waitFor(
        _ cache: String, _ server: ServerProcess, _ body: String = ServerProcess.sample
    ) throws -> Response {
        let deadline = Date().addingTimeInterval(30)
        while true {
            let response = try server.predict(body)
            #expect(response.status == 200)
            if response["X-Cache"] == cache { return response }
            try #require(Date() < deadline, "no \(cache) in 30 s: \(server.messages)")
        }
    }

    @Test(
        "the second request is served from Redis, and equals the computed one bit for bit",
        .proves("C1.29", "C1.30", "C1.37", "C1.39", "C5.4", "C5.21"))
    func secondCall() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        let first = try server.predict(ServerProcess.sample)
        #expect(first["X-Cache"] == "MISS")
        let second = try waitFor("HIT", server)
        #expect(second.body == first.body)
        #expect(
            try redis.cli("GET", Self.key)
                == "[4.139092164701125,1.740633454727572,3.2288424077214373,3.0381759871784624]")
        let ttl = try #require(Int(try redis.cli("TTL", Self.key)))
        #expect((3500...3600).contains(ttl))
    }

    @Test(
        "the cache is used for the same numbers in any spelling, and by other servers on the same Redis",
        .proves("C1.34"))
    func shared() throws {
        let redis = try RedisProcess()
        let one = try serve(redis.url)
        let other = try serve(redis.url)
        _ = try waitFor("HIT", one, "[\(ServerProcess.record(medInc: 1))]")
        let spelled = ServerProcess.record(medInc: 1).replacingOccurrences(of: "42", with: "\"4.2e1\"")
        #expect(try other.predict("[\(spelled)]")["X-Cache"] == "HIT")
        let elsewhere = try serve(redis.url, "--cache-namespace", "elsewhere")
        #expect(try elsewhere.predict("[\(spelled)]")["X-Cache"] == "MISS")
    }

    @Test(
        "REDIS_URL is read when CACHE_URL is not set, with user, password and database percent-decoded", .proves("C5.2")
    )
    func credentials() throws {
        let redis = try RedisProcess(["--user", "ann", "on", ">p@ss:w/rd", "~*", "+@all", "--requirepass", "unused"])
        let url = "redis://ann:p%40ss%3Aw%2Frd@127.0.0.1:\(redis.port)/3"
        let server = try ServerProcess(environment: ["REDIS_URL": url, "EVENT_LOOPS": "1"])
        try server.waitForMessage("answers")
        _ = try waitFor("HIT", server)
        let count = try redis.cli("--no-auth-warning", "--user", "ann", "--pass", "p@ss:w/rd", "-n", "3", "DBSIZE")
        #expect(count == "1")
        #expect(!server.messages.contains("p@ss") && !server.messages.contains("p%40ss"))
    }

    @Test("a wrong password is a BYPASS and a message, not an error", .proves("C1.31"))
    func wrongPassword() throws {
        let redis = try RedisProcess(["--requirepass", "right"])
        let server = try ServerProcess(["--cache-url", "redis://:wrong@127.0.0.1:\(redis.port)"])
        try server.waitForMessage("authentication failed")
        let response = try server.predict(ServerProcess.sample)
        #expect(response.status == 200)
        #expect(response["X-Cache"] == "BYPASS")
        #expect(!server.messages.contains("wrong@"))
    }

    @Test(
        "an entry that does not parse, has another length, is too large or is of another type is overwritten",
        .proves("C1.30", "C5.23", "T32"),
        arguments: [
            "", "[]", "[1]", "[1,2,3,4,5]", "[1,2,3,null]", "[1,2,3,\"4\"]", "[1,2,3,NaN]", "[1,2,3,1e999]", "nonsense",
            "[1,2,3,4] ]", "[4.1,1.7,3.2,3.0" + String(repeating: " ", count: 200) + "]",
        ])
    func poisoned(value: String) throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        _ = try redis.cli("SET", Self.key, value)
        let response = try server.predict(ServerProcess.sample)
        #expect(response["X-Cache"] == "MISS")
        #expect(try waitFor("HIT", server).body == response.body)
    }

    @Test("a key of another type is a BYPASS, and the store replaces it", .proves("C1.31", "T26"))
    func wrongType() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        _ = try redis.cli("RPUSH", Self.key, "1")
        let response = try server.predict(ServerProcess.sample)
        #expect(response["X-Cache"] == "BYPASS")
        #expect(try waitFor("HIT", server).body == response.body)
    }

    @Test(
        "Redis stopped, killed, frozen and back under load: no status but 200, and HITs return without help",
        .proves("C1.38", "T24"))
    func outages() throws {
        let redis = try RedisProcess()
        let server = try serve(redis.url)
        let computed = try server.predict(ServerProcess.sample)
        let load = BackgroundLoad(port: server.port, connections: 4) { response in
            response.status == 200 && response.body == computed.body
        }
        for _ in 0..<2 {
            _ = try waitFor("HIT", server)
            redis.signal(SIGSTOP)
            _ = try waitFor("BYPASS", server)
            redis.signal(SIGCONT)
            _ = try waitFor("HIT", server)
            try redis.kill()
            _ = try waitFor("BYPASS", server)
            try redis.start()
        }
        _ = try waitFor("HIT", server)
        let (calls, wrong) = load.stop()
        #expect(calls > 100)
        #expect(wrong == 0)
    }

    @Test(
        "a Redis that does not exist is one line: which, where, what happened, what to do",
        arguments: [
            (
                "127.0.0.1",
                "127.0.0.1:PORT refused the connection; start Redis there, or correct the URL's host and port"
            ),
            (
                "nope.invalid",
                "the name nope.invalid was not found; correct the URL's host, or check this machine's DNS"
            ),
        ])
    func notThere(host: String, cause: String) throws {
        let port = try RedisProcess.freePort()
        let server = try ServerProcess(["--cache-url", "redis://\(host):\(port)"])
        let line = try server.waitForMessage("is not used until it answers")
        let text = "redis://\(host):\(port)/0 is not used until it answers: connection failed: "
        #expect(line.hasSuffix(text + cause.replacing("PORT", with: "\(port)")), "\(line)")
        #expect(try server.predict(ServerProcess.sample)["X-Cache"] == "BYPASS")
    }
}

/// Sends `POST /predict` with the sample without pause on several connections, each with a thread of its own.
final class BackgroundLoad: Sendable {
    private let isStopped = Atomic(false)
    private let counts = Mutex((calls: 0, wrong: 0))
    private let finished = DispatchGroup()

    /// Starts sending.
    init(port: Int, connections: Int, isRight: @escaping @Sendable (Response) -> Bool) {
        for _ in 0..<connections {
            finished.enter()
            Thread { [self] in
                let connection = try? Connection(port: port)
                while !isStopped.load(ordering: .relaxed) {
                    let response = try? connection.map(call)
                    counts.withLock { counts in
                        counts.calls += 1
                        counts.wrong += response.map(isRight) == true ? 0 : 1
                    }
                    if response == nil { break }
                }
                finished.leave()
            }.start()
        }
    }

    private func call(_ connection: Connection) throws -> Response {
        try connection.send("POST", "/predict", body: Array(ServerProcess.sample.utf8))
        return try connection.response()
    }

    /// Ends all clients.
    ///
    /// - Returns: the number of requests, and how many had no response or a wrong one.
    func stop() -> (calls: Int, wrong: Int) {
        isStopped.store(true, ordering: .relaxed)
        finished.wait()
        return counts.withLock { $0 }
    }
}
