import Foundation
import LatencyAnalyzer
import TestSupport
import Testing

/// Logs in every format that tools save are read like plain logs.
@Suite struct LogFormTests {
    private static let pods = LogVectors.pods

    private static func lines(_ pod: String) throws -> [String] {
        try LogVectors.text(pod).split(separator: "\n").prefix(600).map(String.init)
    }

    /// Both pods' lines, alternating in small groups.
    private static func mixed() throws -> [(pod: String, line: String)] {
        var generator = SeededGenerator(seed: 5)
        var rest = try pods.map { pod in (pod, try lines(pod)[...]) }
        var mixed: [(pod: String, line: String)] = []
        while rest.contains(where: { !$0.1.isEmpty }) {
            let index = Int.random(in: 0...1, using: &generator)
            let count = Int.random(in: 1...4, using: &generator)
            mixed += rest[index].1.prefix(count).map { (rest[index].0, $0) }
            rest[index].1 = rest[index].1.dropFirst(count)
        }
        return mixed
    }

    private static func plain() throws -> ReadCalls {
        let folder = try LogFolder()
        return try ReadCalls(
            try pods.map { pod in
                _ = try folder.write(lines(pod).joined(separator: "\n") + "\n", to: "\(pod).txt")
                return folder.path("\(pod).txt")
            })
    }

    @Test("A saved log gives the requests of the plain one, each for the right pod", arguments: LogForm.allCases)
    func form(_ form: LogForm) throws {
        let folder = try LogFolder()
        var expected = try Self.plain()
        #expect(expected.pods.values.allSatisfy { $0.count > 190 })
        if form.isNewestFirst { expected.pods = expected.pods.mapValues { $0.reversed() } }
        if form == .swarm {
            expected.pods = Dictionary(uniqueKeysWithValues: expected.pods.map { ("\($0).1.x7k2@node-1", $1) })
        }
        let calls: ReadCalls
        if form.holdsBothPods {
            _ = try folder.write(form.text(Self.mixed()), to: "saved.txt")
            calls = try ReadCalls([folder.path("saved.txt")])
        } else {
            calls = try ReadCalls(
                try Self.pods.map { pod in
                    _ = try folder.write(form.text(try Self.lines(pod).map { (pod, $0) }), to: "\(pod).txt")
                    return folder.path("\(pod).txt")
                })
        }
        #expect(calls == expected, "\(form)")
    }

    @Test("A compressed log is read like a plain one", arguments: [1, 2])
    func compressed(members: Int) throws {
        let folder = try LogFolder()
        let text = try LogVectors.text(Self.pods[0])
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0 + "\n" }
        let half = members == 1 ? lines.count : lines.count / 2
        let parts = [lines[..<half], lines[half...]].filter { !$0.isEmpty }
        let data = try parts.map { try SavedLogs.gzip(Data($0.joined().dropLast($0.last == "\n" ? 1 : 0).utf8)) }
        _ = try folder.write(data.reduce(Data(), +), to: "\(Self.pods[0]).txt.gz")
        _ = try folder.write(text, to: "plain.txt")
        let calls = try ReadCalls([folder.path("\(Self.pods[0]).txt.gz")])
        #expect(calls.pods == [Self.pods[0]: try ReadCalls([folder.path("plain.txt")]).pods["plain"] ?? []])
    }

    @Test("Docker's rotated files are one log, the oldest first")
    func dockerRotation() throws {
        let folder = try LogFolder()
        let lines = try Self.lines(Self.pods[0])
        let text = { (part: ArraySlice<String>) in LogForm.dockerJSON.text(part.map { ("", $0) }) }
        _ = try folder.write(try SavedLogs.gzip(Data(text(lines[..<200]).utf8)), to: "a-json.log.2.gz")
        _ = try folder.write(text(lines[200..<401]), to: "a-json.log.1")
        _ = try folder.write(text(lines[401...]), to: "a-json.log")
        let calls = try ReadCalls(["a-json.log", "a-json.log.1", "a-json.log.2.gz"].map(folder.path))
        #expect(calls.pods == ["a-json": try #require(try Self.plain().pods[Self.pods[0]])])
    }

    @Test("The log of SCORING_LOG=json is read, with rejected requests, and also with a prefix")
    func ownJSON() throws {
        let folder = try LogFolder()
        let lines = [
            #"{"time":"2026-11-21T07:26:00.123Z","request_id":"a-1","route":"/predict","status":200,"records":4,"cache":"miss","validate_ms":0.0041,"cache_ms":0.2100,"score_ms":0.0312,"traceparent":"00-1-2-01"}"#,
            #"{"time":"2026-11-21T07:26:01.000Z","request_id":"b\u0058","route":"/predict","status":200,"records":1,"cache":"hit","validate_ms":0.0041,"cache_ms":0.1000}"#,
            #"{"time":"2026-11-21T07:26:02.000Z","request_id":"c","route":"/predict","status":422}"#,
        ]
        let expected = ["07:26:00 200 a-1 0.2412", "07:26:01 200 bX 0.1", "07:26:02 422 - -"]
        _ = try folder.write(lines.joined(separator: "\n") + "\n", to: "own.txt")
        #expect(try ReadCalls([folder.path("own.txt")]).pods == ["own": expected])
        _ = try folder.write(LogForm.prefix.text(lines.map { ("p", $0) }), to: "prefix.txt")
        #expect(try ReadCalls([folder.path("prefix.txt")]).pods == ["p": expected])
        _ = try folder.write(LogForm.dockerJSON.text(lines.map { ("", $0.replacing("\\", with: "\\\\")) }), to: "d.log")
        #expect(try ReadCalls([folder.path("d.log")]).pods == ["d": expected])
    }

    @Test("Azure ML's containers write the access line last, in their older form and in today's")
    func azureML() throws {
        let folder = try LogFolder()
        let dated = """
            2021-02-07 08:20:27,550 | root | INFO | Invoking user's init function
            2021-02-07 08:20:36,074 | root | INFO | 200
            127.0.0.1 - - [07/Feb/2021:08:20:36 +0000] "GET /swagger.json HTTP/1.0" 200 4480 "-" "Go-http-client/1.1"
            2021-02-07 08:21:31,073 | root | INFO | Validation Request Content-Type
            Headers passed in (total 12):
                X-Ms-Request-Id: 7cb6f8b9-e511-43b7-982f-e413d6e3239d
            2021-02-07 08:21:31,074 | root | INFO | Scoring Timer is set to 60.0 seconds
            2021-02-07 08:21:31,150 | root | INFO | Prediction took 72.81 ms
            2021-02-07 08:21:31,169 | root | INFO | 200
            127.0.0.1 - - [07/Feb/2021:08:21:31 +0000] "POST /score HTTP/1.0" 200 22 "-" "python-requests/2.25.1"
            2021-02-07 08:21:32,150 | root | INFO | Prediction took 73.5 ms
            127.0.0.1 - - [07/Feb/2021:08:21:32 +0000] "POST /score HTTP/1.0" 200 22 "-" "python-requests/2.25.1"

            """
        _ = try folder.write(dated, to: "dated.txt")
        let expected = ["08:21:31 200 7cb6f8b9 72.81", "08:21:32 200 - 73.5"]
        #expect(try ReadCalls([folder.path("dated.txt")]).pods == ["dated": expected])
        let line = { (pid: Int, logger: String, text: String) in
            "2026-01-31 07:44:20,823 I [\(pid)] \(logger) - \(text)\n"
        }
        let access = { (second: Int) in
            "127.0.0.1 - - [31/Jan/2026:07:44:2\(second) +0000] \"POST /score HTTP/1.0\" 200 1121 \"-\" \"sdk/1.31.0\""
        }
        let today =
            line(119, "azmlinfsrv.print", "Received data: [1]")
            + line(120, "azmlinfsrv.print", "Prediction took 5.25 ms")
            + line(119, "azmlinfsrv", "POST /score 200 305.413ms 1121") + line(119, "gunicorn.access", access(0))
            + line(120, "azmlinfsrv", "POST /score 200 6.1ms 1121") + line(120, "gunicorn.access", access(1))
            + line(119, "gunicorn.access", access(2).replacing("POST /score", with: "GET /"))
        _ = try folder.write(today, to: "today.txt")
        #expect(
            try ReadCalls([folder.path("today.txt")]).pods == [
                "today": ["07:44:20 200 - 305.413", "07:44:21 200 - 5.25"]
            ])
        _ = try folder.write(
            LogForm.prefixAndTimestamps.text(dated.split(separator: "\n").map { ("p", String($0)) }), to: "p.txt")
        #expect(try ReadCalls([folder.path("p.txt")]).pods == ["p": expected])
    }
}
