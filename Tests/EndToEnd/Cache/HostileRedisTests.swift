import Foundation
import TestSupport
import Testing

/// A cache error changes latency, never status or values, whatever a peer that claims to be Redis does.
@Suite(.serialized) struct HostileRedisTests {
    struct Hostility: CustomTestStringConvertible, Sendable {
        let name: String
        let script: ScriptedRedis.Script
        var testDescription: String { name }

        init(_ name: String, _ script: ScriptedRedis.Script) {
            self.name = name
            self.script = script
        }

        init(_ name: String, reply: String) { self.init(name, .reply(Array(reply.utf8))) }
    }

    static let hostilities = [
        Hostility("mute from the start", .mute),
        Hostility("silent", .silent),
        Hostility("slow, a byte at a time", .drip(Array("$-1\r\n".utf8))),
        Hostility("half a reply", .stall(Array("$20\r\n[4.13".utf8))),
        Hostility("half a length", .stall(Array("$2".utf8))),
        Hostility("a reset", .reset),
        Hostility("an end", .end),
        Hostility("the wrong type", reply: ":1\r\n"),
        Hostility("a status for a value", reply: "+OK\r\n"),
        Hostility("garbage", reply: "HTTP/1.1 400 Bad Request\r\n\r\n"),
        Hostility("binary garbage", .reply([0, 255, 13, 10, 0, 36])),
        Hostility("-LOADING", reply: "-LOADING Redis is loading the dataset in memory\r\n"),
        Hostility("-NOAUTH", reply: "-NOAUTH Authentication required.\r\n"),
        Hostility("MOVED", reply: "-MOVED 3999 127.0.0.1:6381\r\n"),
        Hostility("-WRONGTYPE", reply: "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
        Hostility("an endless array", reply: "*2147483647\r\n"),
        Hostility("an endless string", reply: "$8589934592\r\n"),
        Hostility("two stray replies", reply: "$-1\r\n+STRAY\r\n+STRAY\r\n"),
        Hostility("an entry of the wrong length", reply: "$5\r\n[1,2]\r\n"),
        Hostility("an entry that is not a number", reply: "$7\r\n[\"NaN\"]\r\n"),
        Hostility("an entry that is not JSON", reply: "$5\r\nhello\r\n"),
        Hostility("an entry that is not finite", reply: "$7\r\n[1e999]\r\n"),
        Hostility("an entry that nests", reply: "$5\r\n[[1]]\r\n"),
        Hostility("an empty entry", reply: "$0\r\n\r\n"),
    ]

    @Test(
        "a scripted hostile Redis changes no status and no value, and every other connection is served",
        .proves("C1.38", "T30"),
        arguments: hostilities)
    func hostile(_ hostility: Hostility) throws {
        let redis = try ScriptedRedis(hostility.script)
        defer { redis.stop() }
        let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", "1", "--cache-deadline-ms", "20"])
        try callFromManyConnections(server)
        #expect(try server.stop() == 0)
    }

    /// Rounds of concurrent requests, each with its own numbers, beside a client that sends something else.
    private func callFromManyConnections(_ server: ServerProcess) throws {
        let connections = try (0..<8).map { _ in try server.connect() }
        let bystander = try server.connect()
        for round in 0..<6 {
            for (index, connection) in connections.enumerated() {
                let record = ServerProcess.record(medInc: Double(round * 10 + index))
                try connection.send("POST", "/predict", body: Array("[\(record)]".utf8))
            }
            try bystander.send("GET", "/health")
            #expect(try bystander.response().status == 200)
            for (index, connection) in connections.enumerated() {
                let response = try connection.response()
                #expect(response.status == 200)
                #expect(response["X-Cache"] == "BYPASS" || response["X-Cache"] == "MISS")
                try expectPrediction(response, medInc: Double(round * 10 + index))
            }
        }
    }

    @Test("two stray replies that look like entries are used for no later request", .proves("T31"))
    func strayEntries() throws {
        let redis = try ScriptedRedis(.reply(Array("$-1\r\n$3\r\n[1]\r\n$3\r\n[2]\r\n".utf8)))
        defer { redis.stop() }
        let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", "1"])
        let connection = try server.connect()
        for round in 0..<20 {
            try connection.send(
                "POST", "/predict", body: Array("[\(ServerProcess.record(medInc: Double(round)))]".utf8))
            let response = try connection.response()
            #expect(response["X-Cache"] != "HIT")
            try expectPrediction(response, medInc: Double(round))
        }
    }

    @Test("a reply of the right form is a HIT and is trusted as far as the cache is", .proves("C1.29", "C5.23"))
    func trusted() throws {
        let redis = try ScriptedRedis(.reply(Array("$5\r\n[1.5]\r\n".utf8)))
        defer { redis.stop() }
        let server = try ServerProcess(["--cache-url", redis.url, "--event-loops", "1"])
        try server.waitForMessage("answers")
        let response = try server.predict("[\(ServerProcess.record())]")
        #expect(response["X-Cache"] == "HIT")
        #expect(try response.json()["prediction"] as? [Double] == [1.5])
    }
}

/// Compares the prediction of a response to `ServerProcess.record(medInc:)` with the model's coefficient of MedInc.
func expectPrediction(_ response: Response, medInc: Double, _ location: SourceLocation = #_sourceLocation) throws {
    let prediction = try #require(try response.json()["prediction"] as? [Double], sourceLocation: location)
    let expected = 4.139092164701125 + 0.4366932931343239 * (medInc - 8.3252)
    try #require(prediction.count == 1, sourceLocation: location)
    #expect(abs(prediction[0] - expected) < 1e-9, sourceLocation: location)
}
