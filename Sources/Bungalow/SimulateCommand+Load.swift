import Files
import Foundation
import LatencyAnalyzer
import LoadReport
import Recipes
import Simulation

extension SimulateCommand {
    /// The load by its name, or from a file or folder.
    func readLoad(_ load: String) throws -> Load {
        switch load {
        case "lab": return LoadProfile.lab
        case "course": return LoadProfile.course
        default: break
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: load, isDirectory: &isFolder) else {
            throw OperatorError(
                .input,
                "\(load): there is no such load; give lab, course, a file of phases, demand or rates, "
                    + "a file of analyze --sqlite, or the folder of a recorded run")
        }
        if isFolder.boolValue { return try readFolder(load) }
        if try isDatabase(load) { return try readDatabase(load) }
        let text = try Self.text(of: load)
        if load.hasSuffix(".csv") { return try LoadProfile.csv(text, name: load) }
        return try LoadProfile.yaml(text, name: load)
    }

    /// A recording's timeline, or else what `bungalow report` finds in the folder.
    private func readFolder(_ load: String) throws -> Load {
        let file = URL(filePath: load).appending(path: "timeline.csv").path
        if FileManager.default.fileExists(atPath: file) {
            return try LoadProfile.timeline(try Self.text(of: file), name: file)
        }
        let evidence = try LoadFolder(path: load, zone: .current).read()
        let spans = evidence.runs.flatMap(\.requests).map {
            RecordedRequests(start: $0.start, seconds: $0.seconds, count: $0.count)
        }
        return try LoadProfile.recorded(spans, name: load)
    }

    private func isDatabase(_ load: String) throws -> Bool {
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: load))
            defer { try? file.close() }
            return try file.read(upToCount: 15) == Data("SQLite format 3".utf8)
        } catch {
            throw OperatorError(.input, "\(load): it cannot be read: \(error.localizedDescription)")
        }
    }

    /// The calls of `analyze --sqlite`, or else the records of `report --sqlite`.
    private func readDatabase(_ load: String) throws -> Load {
        let tables = try CallQuery(
            path: load,
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('calls', 'records') ORDER BY name",
            limit: 2
        ).rows.compactMap(\.first)
        guard !tables.isEmpty else {
            throw OperatorError(
                .input, "\(load): it has no table calls or records: give a file of bungalow analyze --sqlite")
        }
        for table in tables {
            let rows = try CallQuery(
                path: load,
                sql: """
                    SELECT unixepoch(time) AS second, count(*) FROM \(table) WHERE second IS NOT NULL GROUP BY second
                    """,
                limit: 1_000_000
            ).rows
            let spans = rows.compactMap { row -> RecordedRequests? in
                guard row.count == 2, let second = Double(row[0]), let count = Double(row[1]) else { return nil }
                return RecordedRequests(start: second, seconds: 1, count: count)
            }
            if !spans.isEmpty { return try LoadProfile.recorded(spans, name: load) }
        }
        return try LoadProfile.recorded([], name: load)
    }
}
