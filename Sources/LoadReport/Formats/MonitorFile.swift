import Cluster
import Files
import Foundation

/// The CSV of `bungalow monitor`, or of the lab's `resource_monitor.py`: one recording, or several in a row.
///
/// Its times count from the monitor's start. The first recording's start is in the file's name, in the basic format of
/// ISO 8601 (`use-20261121T072600Z.csv`); the last one's otherwise follows from the file's last change, the time of its
/// last sample. Nothing shows when the ones in between were made.
enum MonitorFile {
    static func read(
        _ file: InputFile, _ layout: TableLayout
    ) throws -> (uses: [ResourceUse], losses: RecordReader.Losses) {
        var ends: [Double] = []
        // The file is read twice, since a start follows from an end.
        let unread = try samples(of: file, layout) { recording, sample in
            if recording == ends.count { ends.append(sample.seconds) } else { ends[recording] = sample.seconds }
        }
        guard let last = ends.last else { throw UnreadableFile("no rows\(unread.suffix)") }
        let named = start(inName: file.name)
        var uses = ends.indices.map { index in
            let source = ends.count > 1 ? "\(file.relativePath), recording \(index + 1)" : file.relativePath
            if index == 0, let named { return ResourceUse(source: source, start: named, isTimeOfFile: false) }
            let start = file.lastChange.advanced(by: -last)
            return ResourceUse(
                source: source, start: start, isTimeOfFile: true, hasTime: index == ends.count - 1)
        }
        let losses = try samples(of: file, layout) { recording, sample in uses[recording].add(sample) }
        return (uses, losses)
    }

    private static let maximumRecordingCount = 100

    private static func samples(
        of file: InputFile, _ layout: TableLayout, _ body: (Int, ResourceMonitor.Sample) -> Void
    ) throws -> RecordReader.Losses {
        var recording = 0
        var (first, latest) = (Double.infinity, -Double.infinity)
        return try RecordReader.read(file.text, separator: layout.separator) { number, row in
            if number == 1 { return true }
            let isTitle = row.first?.trimmed == "time" && row.count > 1 && row[1].trimmed == "n_replica"
            // Without its titles, a recording that was appended begins where time goes back to its start.
            let sample = ResourceMonitor.Sample(row: row)
            let isRestart = sample.map { $0.seconds <= first && latest > first } ?? false
            if (isTitle || isRestart) && latest > -.infinity {
                guard recording + 1 < maximumRecordingCount else { return false }
                recording += 1
                (first, latest) = (.infinity, -.infinity)
            }
            if isTitle { return true }
            guard let sample, sample.seconds > latest else { return false }
            first = min(first, sample.seconds)
            latest = sample.seconds
            body(recording, sample)
            return true
        }
    }

    private static func start(inName name: String) -> Instant? {
        guard let match = name.firstMatch(of: #/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/#) else { return nil }
        return Instant(rfc3339: "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z")
    }
}
