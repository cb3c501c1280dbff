import Files
import Foundation
import LatencyAnalyzer
import SQLite
import Testing

/// The SQLite file: what is stored, what is not stored twice, and what is rejected.
@Suite struct CallDatabaseTests {
    private func store(_ files: [LogFile], in path: String) async throws {
        _ = try await Analysis.read(files, onlyPath: nil, into: try CallDatabase(path: path))
    }

    private func ask(_ path: String, _ sql: String) throws -> [[String]] {
        try CallQuery(path: path, sql: sql, limit: 100).rows
    }

    @Test("Every call is stored once, however often and in whatever parts its log is read")
    func callsAreStoredOnce() async throws {
        let folder = try LogFolder()
        let path = folder.path("calls.sqlite")
        let refused = LogFolder.block(second: 3, id: nil, milliseconds: nil, status: 503)
        let blocks =
            [LogFolder.block(id: "a", milliseconds: "1.5"), refused, refused, refused]
            + (4..<200).map { LogFolder.block(second: $0, id: "id-\($0)", milliseconds: "0.0\($0)") }
        let whole = try folder.write(blocks.joined(), to: "pod.txt")
        try await store([whole], in: path)
        try await store([whole], in: path)
        #expect(try ask(path, "SELECT count(*), count(DISTINCT request_id) FROM calls") == [["200", "197"]])
        // A log that the node has rotated, and that has grown since.
        let later = blocks.dropFirst(100).joined() + LogFolder.block(second: 300, id: "new", milliseconds: "2.0")
        try FileManager.default.removeItem(atPath: folder.path("pod.txt"))
        try await store([folder.write(later, to: "pod.txt")], in: path)
        #expect(try ask(path, "SELECT count(*) FROM calls") == [["201"]])
        // Another pod's calls are other calls.
        try await store([folder.write(blocks.joined(), to: "other.txt")], in: path)
        #expect(try ask(path, "SELECT pod, count(*) FROM calls GROUP BY pod") == [["other", "200"], ["pod", "201"]])
        #expect(
            try ask(path, "SELECT time, scoring_ms, status, bytes FROM calls WHERE request_id = 'new'")
                == [["2026-11-21 07:05:00", "2.0", "200", "412"]])
    }

    /// Logs of one pod, one after another.
    private func store(_ logs: [String]) async throws -> [[String]] {
        let folder = try LogFolder()
        for log in logs { try await store([folder.write(log, to: "pod.txt")], in: folder.path("calls.sqlite")) }
        return try ask(
            folder.path("calls.sqlite"),
            "SELECT ifnull(request_id, '-'), ifnull(scoring_ms, '-') FROM calls ORDER BY 1, 2")
    }

    @Test("A call cut off at a log's end is completed by a later log, and stays complete after an older one")
    func cutCallIsCompleted()
        async throws
    {
        let before = LogFolder.block(id: "a", milliseconds: "1.5")
        let whole = LogFolder.block(second: 1, id: "b", milliseconds: "2.5")
        let lines = whole.split(separator: "\n", omittingEmptySubsequences: true).map { "\($0)\n" }
        for cut in [lines[0], lines[0] + lines[1], lines[0] + lines[1] + "Prediction to", lines[0] + "X-Ms-Req"] {
            for logs in [[before + cut, before + whole], [before + whole, before + cut], [cut, whole, cut, whole]] {
                #expect(try await store(logs).last == ["b", "2.5"])
                #expect(try await store(logs).count == (logs.count == 2 ? 2 : 1))
            }
            // Cut twice, each time later.
            #expect(try await store([lines[0], lines[0] + lines[1]]) == [["b", "-"]])
        }
    }

    @Test("Of equal calls, as many are stored as one log has at most, and cut ones do not count in addition")
    func equalCalls()
        async throws
    {
        let refused = LogFolder.block(id: nil, milliseconds: nil, status: 503)
        let scored = LogFolder.block(id: nil, milliseconds: "1.5")
        let cut = LogFolder.block(id: nil, milliseconds: nil)
        #expect(try await store([refused + refused, refused + refused + refused, refused]).count == 3)
        #expect(try await store([scored + cut, scored + scored + scored]).count == 3)
        #expect(try await store([scored + scored + cut, scored + scored]).count == 3)
        // A call that never got its time stays a separate call.
        #expect(try await store([cut + scored + scored, cut + scored + scored]).count == 3)
    }

    @Test("Several runs at once on one file wait for each other")
    func concurrentRuns() async throws {
        let folder = try LogFolder()
        let log = (0..<300).map { LogFolder.block(second: $0, id: "a\($0)", milliseconds: "1.5") }.joined()
        let path = folder.path("calls.sqlite")
        let patience = try DatabaseFile(path: path, schema: "").use { try $0.number("PRAGMA busy_timeout") }
        #expect(patience == 120_000)
        let files = try (0..<6).map { try folder.write(log, to: "pod-\($0).txt") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for file in files { group.addTask { try await store([file], in: path) } }
            try await group.waitForAll()
        }
        #expect(try ask(path, "SELECT count(*), count(DISTINCT pod) FROM calls") == [["1800", "6"]])
    }

    @Test("The views have the usual figures")
    func views() async throws {
        let folder = try LogFolder()
        let path = folder.path("calls.sqlite")
        let log = (1...100).map { LogFolder.block(second: 60 + $0 % 30, id: "a\($0)", milliseconds: "\($0).0") }
        let refused = LogFolder.block(second: 61, id: nil, milliseconds: nil, status: 503)
        try await store([folder.write(log.joined() + refused, to: "pod.txt")], in: path)
        #expect(
            try ask(path, "SELECT * FROM percentiles_per_minute")
                == [["2026-11-21 07:01", "100", "50.0", "90.0", "95.0", "99.0", "100.0"]])
        #expect(
            try ask(path, "SELECT * FROM throughput_per_minute")
                == [["2026-11-21 07:01", "pod", "101", "1.683", "1", "\(101 * 412)"]])
        #expect(try ask(path, "SELECT request_id FROM slowest_calls LIMIT 2") == [["a100"], ["a99"]])
    }

    @Test("A file of another kind is left untouched")
    func otherFilesAreLeftUntouched() async throws {
        let folder = try LogFolder()
        let text = try folder.write("not a database, but long enough to be looked at", to: "notes.txt")
        #expect(throws: OperatorError.self) { try CallDatabase(path: folder.path("notes.txt")) }
        #expect(
            try String(contentsOfFile: try #require(text.texts[0].path), encoding: .utf8).hasPrefix("not a database"))
        let other = folder.path("other.sqlite")
        try SQLiteConnection(path: other, patience: 0).execute("CREATE TABLE calls (a)")
        let error = #expect(throws: OperatorError.self) { try CallDatabase(path: other) }
        #expect(error?.description.contains("is a database of something else; name a new file") == true)
    }

    @Test("A pipe is not used as a database")
    func pipeIsNotADatabase() throws {
        let folder = try LogFolder()
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(throws: OperatorError.self) { try CallDatabase(path: folder.path("pipe")) }
    }

    @Test(
        "An invalid query is one clear error line and changes nothing",
        arguments: [
            "DELETE FROM calls", "DROP TABLE calls", "CREATE TABLE t (a)", "SELEC", "SELECT nothing FROM calls", "",
            "PRAGMA user_version = 3", "ATTACH 'other' AS other", "SELECT 1; SELECT 2", "CREATE TEMP TABLE t (a)",
            "WITH q AS (SELECT 1) DELETE FROM calls", "-- SELECT\nDELETE FROM calls",
        ])
    func invalidQuery(sql: String) async throws {
        let folder = try LogFolder()
        let path = folder.path("calls.sqlite")
        try await store([folder.write(LogFolder.block(id: "a", milliseconds: "1.5"), to: "pod.txt")], in: path)
        let error = #expect(throws: OperatorError.self) { try ask(path, sql) }
        #expect(error?.description.contains("\n") == false && error?.kind == .request)
        #expect(try ask(path, "/* how many */ SELECT count(*) FROM calls") == [["1"]])
    }

    @Test("A table is cut at its limit and is marked as cut")
    func tableLimit() async throws {
        let folder = try LogFolder()
        let path = folder.path("calls.sqlite")
        let log = (0..<5).map { LogFolder.block(second: $0, id: "a\($0)", milliseconds: "1.5") }.joined()
        try await store([folder.write(log, to: "pod.txt")], in: path)
        let cut = try CallQuery(path: path, sql: "SELECT request_id AS id, scoring_ms FROM calls ORDER BY id", limit: 2)
        #expect(cut.isCut && cut.text == "id  scoring_ms\na0         1.5\na1         1.5")
        #expect(try !CallQuery(path: path, sql: "SELECT * FROM calls", limit: 5).isCut)
        let control = try CallQuery(path: path, sql: "SELECT 'a' || char(27) || '[2J' || char(10) AS x", limit: 1)
        #expect(control.text == "x\na\\u{1b}[2J\\u{a}")
    }
}
