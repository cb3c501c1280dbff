import Foundation

/// A monitor's CSV without one of its columns: what is left of it can be judged all the same.
struct PartialMonitor {
    let name: String
    /// Of the monitor's columns, those that are not there.
    private(set) var lacking: Set<String> = []
    /// Times since the monitor's start.
    private(set) var samples: [RecordedRun.Sample] = []
    /// Unix seconds of the start, by the file's name.
    let start: Double?
    private static let columns = ["n_replica", "cpu_req_core", "cpu_use_core"]

    /// nil if it is not a monitor's, or lacks nothing.
    init?(_ text: String, name: String) {
        let table = CSVTable(text)
        guard table.has("time") else { return nil }
        lacking = Set(Self.columns.filter { !table.has($0) })
        guard (1..<Self.columns.count).contains(lacking.count) else { return nil }
        self.name = name
        start = name.firstMatch(of: #/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/#).flatMap { match in
            let text = "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z"
            return (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970
        }
        for row in table.rows {
            guard let time = table.number("time", in: row), time >= 0 else { continue }
            func mebibytes(_ title: String) -> Double? { table.number(title, in: row).map { $0 / 1024 } }
            samples.append(
                RecordedRun.Sample(
                    time: time, pods: Int(max(0, min(1e6, table.number("n_replica", in: row) ?? 0))),
                    cores: (
                        table.number("cpu_req_core", in: row) ?? 0, table.number("cpu_lim_core", in: row) ?? 0,
                        table.number("cpu_use_core", in: row)
                    ),
                    memory: (mebibytes("mem_req_KB") ?? 0, mebibytes("mem_lim_KB") ?? 0, mebibytes("mem_use_KB"))))
        }
        guard !samples.isEmpty else { return nil }
    }
}
