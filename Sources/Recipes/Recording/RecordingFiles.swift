import Foundation
import Simulation

/// The tables that a recorder of a cluster writes, each optional.
struct RecordingFiles {
    let folder: String
    /// The files in it and in its `logs`, in the order of their names.
    let all: [(name: String, url: URL)]
    private static let maximumByteCount = 256 << 20
    private static let tables = [
        "phases.csv", "timeline.csv", "autoscaler.csv", "metrics-server.csv", "pods.csv", "objects.json",
        "manifests.yaml", "manifests.json", "prediction.json",
    ]

    init(folder: String) {
        self.folder = folder
        let top = URL(filePath: folder)
        var found: [(name: String, url: URL)] = []
        for place in ["", "logs/"] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: top.path + "/" + place)) ?? []
            for name in names.sorted() where !name.hasPrefix(".") {
                var isFolder: ObjCBool = false
                let url = top.appending(path: place + name)
                guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue
                else {
                    continue
                }
                found.append((place + name, url))
            }
        }
        all = found
    }

    /// The recorder's tables and the manifests that are there.
    var tables: Set<String> { Set(all.map(\.name)).intersection(Self.tables) }

    /// A file's text; nil if there is none.
    func text(_ name: String) throws(RecipeError) -> String? {
        let path = URL(filePath: folder).appending(path: name).path
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)), let text = String(data: data, encoding: .utf8)
        else {
            throw RecipeError("\(path): it cannot be read as UTF-8 text")
        }
        guard data.count <= Self.maximumByteCount else {
            throw RecipeError("\(path): \(data.count >> 20) MiB are too much; 256 MiB are allowed")
        }
        return text
    }

    private func table(_ name: String) throws(RecipeError) -> CSVTable? { try text(name).map(CSVTable.init) }

    /// Unix seconds of second 0, by a table that has both.
    func origin() throws(RecipeError) -> Double? {
        for name in ["phases.csv", "timeline.csv"] {
            guard let table = try table(name), let row = table.rows.first,
                let unix = table.number("unix", in: row), let seconds = table.number("seconds", in: row)
            else { continue }
            return unix - seconds
        }
        return nil
    }

    /// The load by the commands in `phases.csv`; nil if there is one that is not siege's.
    func phases(origin: Double) throws(RecipeError) -> [Phase]? {
        guard let table = try table("phases.csv"), table.has("unix", "phase") else { return nil }
        let marks = table.rows.compactMap { row in
            table.number("unix", in: row).flatMap { time in table.text("phase", in: row).map { (time - origin, $0) } }
        }
        var phases: [Phase] = []
        var now = 0.0
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1].0 : mark.0
            guard !mark.1.hasPrefix("end of recording"), end > mark.0 else { continue }
            if mark.0 > now { phases.append(Phase(name: "idle", seconds: mark.0 - now, traffic: .none)) }
            now = end
            if mark.1 == "idle" || mark.1.hasPrefix("end of") {
                phases.append(Phase(name: "idle", seconds: end - mark.0, traffic: .none))
                continue
            }
            guard let clients = SiegeCommand(mark.1)?.clients else { return nil }
            phases.append(Phase(name: SiegeCommand.shortened(mark.1), seconds: end - mark.0, traffic: .closed(clients)))
        }
        let hasTraffic = phases.contains { $0.traffic != .none }
        return hasTraffic ? phases : nil
    }

    /// siege's log, by one of its usual names.
    func siegeLog() throws(RecipeError) -> String? {
        for name in ["siege.log", "load_output.csv", "lab.siege.log"] {
            if let text = try text(name) { return text }
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        // As loadtest/siege/phases names it.
        return try names.filter { $0.hasSuffix(".siege.log") }.sorted().first.flatMap { name throws(RecipeError) in
            try text(name)
        }
    }

    /// What is there of a monitor's CSV that lacks a column of its format.
    func partialMonitor() throws(RecipeError) -> PartialMonitor? {
        for file in all where file.name.hasSuffix(".csv") && !Self.tables.contains(file.name) {
            guard let text = try text(file.name), let found = PartialMonitor(text, name: file.name) else { continue }
            return found
        }
        return nil
    }

    func requests() throws(RecipeError) -> [RecordedRequests]? {
        guard let table = try table("timeline.csv"), table.has("seconds") else { return nil }
        guard let column = ["siege_calls", "calls", "requests", "scored_calls"].first(where: { table.has($0) }) else {
            return nil
        }
        let rows = table.rows.compactMap { row -> RecordedRequests? in
            guard let time = table.number("seconds", in: row), let count = table.number(column, in: row), count > 0
            else {
                return nil
            }
            return RecordedRequests(start: time, seconds: 1, count: count)
        }
        return rows.isEmpty ? nil : rows
    }

    func replicas(origin: Double) throws(RecipeError) -> [(time: Double, count: Int)] {
        for name in ["autoscaler.csv", "timeline.csv"] {
            guard let table = try table(name), table.has("unix", "spec_replicas") else { continue }
            var steps: [(time: Double, count: Int)] = []
            for row in table.rows {
                guard let time = table.number("unix", in: row),
                    let count = table.text("spec_replicas", in: row).flatMap(Int.init)
                else { continue }
                if steps.last?.count != count { steps.append((time - origin, count)) }
            }
            if !steps.isEmpty { return steps }
        }
        return []
    }

    func publications(origin: Double) throws(RecipeError) -> [RecordedRun.Publication] {
        guard let table = try table("metrics-server.csv"), table.has("published_unix", "pod", "cpu_cores") else {
            return []
        }
        return table.rows.compactMap { row in
            guard let time = table.number("published_unix", in: row), let pod = table.text("pod", in: row),
                let cores = table.number("cpu_cores", in: row)
            else { return nil }
            return RecordedRun.Publication(
                time: time - origin, stamp: (table.number("kubelet_stamp_unix", in: row) ?? time) - origin,
                window: table.number("window_s", in: row) ?? 15, pod: pod,
                container: table.text("container", in: row) ?? "", cores: cores,
                cpuSeconds: table.number("cpu_seconds_total", in: row),
                memory: table.number("memory_bytes", in: row).map { $0 / 1_048_576 })
        }
    }

    func pods(origin: Double) throws(RecipeError) -> [RecordedRun.PodLife] {
        guard let table = try table("pods.csv"), table.has("pod", "created") else { return [] }
        return table.rows.compactMap { row in
            guard let name = table.text("pod", in: row), let created = table.number("created", in: row) else {
                return nil
            }
            func time(_ titles: String...) -> Double? {
                titles.lazy.compactMap { table.number($0, in: row) }.first.map { $0 - origin }
            }
            return RecordedRun.PodLife(
                name: name, created: created - origin, started: time("started"), ready: time("ready"),
                deleted: time("deleted_seen", "deleted"))
        }
    }
}
