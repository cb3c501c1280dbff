import Cluster
import Files
import Foundation

/// The CSV of `bungalow monitor`, or of the lab's `resource_monitor.py`.
///
/// Its times count from the monitor's start. The start is in the file's name, in the basic format of ISO 8601
/// (`use-20261121T072600Z.csv`); otherwise it follows from the file's last change, the time of the last sample.
enum MonitorFile {
    static func read(_ file: InputFile) throws -> (use: ResourceUse, losses: RecordReader.Losses) {
        var last: Double?
        // The file is read twice, since its start follows from its end.
        _ = try rows(of: file) { last = max(last ?? $0.seconds, $0.seconds) }
        guard let last else { throw UnreadableFile("no rows") }
        let named = start(inName: file.name)
        let start = named ?? file.lastChange.advanced(by: -last)
        var use = ResourceUse(source: file.relativePath, start: start, isTimeOfFile: named == nil)
        let losses = try rows(of: file) { use.add($0) }
        return (use, losses)
    }

    private static func rows(
        of file: InputFile, _ body: (ResourceMonitor.Sample) -> Void
    ) throws -> RecordReader.Losses {
        var latest = -Double.infinity
        return try RecordReader.read(file.text) { number, row in
            if number == 1 { return true }
            guard let sample = ResourceMonitor.Sample(row: row), sample.seconds > latest else { return false }
            latest = sample.seconds
            body(sample)
            return true
        }
    }

    private static func start(inName name: String) -> Instant? {
        guard let match = name.firstMatch(of: #/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/#) else { return nil }
        return Instant(rfc3339: "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z")
    }
}
