import Files
import Foundation
import LatencyAnalyzer
import LoadReport
import SQLite
import Testing

/// The SQLite file: every client's records once, and views for the usual questions.
@Suite struct RecordDatabaseTests {
    private let folder: ReportFolder
    private let path: String

    init() throws {
        folder = try ReportFolder()
        path = folder.path("records.sqlite")
    }

    private func load() throws { _ = try folder.read(into: try RecordDatabase(path: path), outputs: [path]) }

    private func ask(_ sql: String) throws -> [[String]] { try CallQuery(path: path, sql: sql, limit: 100).rows }

    @Test("The views show each client's successes and errors")
    func views() throws {
        try folder.add("throughput/messages.csv")
        try load()
        #expect(
            try ask("SELECT * FROM success_per_client") == [
                ["east", "1", "1", "0", "1.0", "2026-11-21 09:00:05.000", "2026-11-21 09:00:05.000", "", "", "0"],
                [
                    "west", "3", "1", "2", "0.333333", "2026-11-21 09:00:00.000", "2026-11-21 09:00:00.000",
                    "2026-11-21 09:00:01.000", "2026-11-21 09:00:01.000", "1",
                ],
            ])
        #expect(
            try ask("SELECT * FROM errors_per_client")
                == [["west", "503 Service Unavailable", "2", "2026-11-21 09:00:01.000", "2026-11-21 09:00:01.000"]])
    }

    @Test("Loading a file again, or after it has grown, stores nothing twice")
    func nothingIsStoredTwice() throws {
        let text = try ReportFolder.text("measured/locust.timing.csv")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        try folder.write(lines.prefix(101).joined(separator: "\n") + "\n", to: "locust.timing.csv")
        try load()
        try load()
        #expect(try ask("SELECT count(*), count(DISTINCT record) FROM records") == [["100", "100"]])
        try folder.write(text, to: "locust.timing.csv")
        try load()
        #expect(try ask("SELECT client, records FROM success_per_client") == [["anna", "199"]])
        let first = try #require(lines.dropFirst().first?.split(separator: ","))
        #expect(
            try ask("SELECT time, record, payload_bytes, success, response FROM records WHERE record = '\(first[1])'")
                == [["2026-11-21 16:56:39.227", "3", "153", "1", "200"]])
    }

    @Test("The same file can hold the calls of an analysis, too")
    func fileHoldsCallsToo() throws {
        _ = try CallDatabase(path: path)
        try folder.add("throughput/messages.csv")
        try load()
        #expect(try ask("SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM records)") == [["0", "4"]])
    }

    @Test("Another program's database is left untouched")
    func otherDatabaseIsLeftUntouched() async throws {
        try SQLiteConnection(path: path, patience: 0).execute("CREATE TABLE records (a)")
        let error = #expect(throws: OperatorError.self) { try load() }
        #expect(error?.description.contains("is a database of something else; name a new file") == true)
    }
}
