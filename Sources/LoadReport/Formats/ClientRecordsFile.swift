import Files
import Foundation
import LatencyAnalyzer

/// A file of clients' records, read once: for the page as sums over time, for the database one by one.
enum ClientRecordsFile {
    // Sums over time hold a histogram each.
    private struct Slot: TimelineSlot {
        var calls = 0
        var failures = 0
        var latencies = LatencyHistogram.coarse()

        mutating func add(_ other: Self) {
            calls += other.calls
            failures += other.failures
            latencies.add(other.latencies)
        }
    }

    private struct Sums {
        var slots = Timeline<Slot>(maximumCount: LoadSlot.maximumCount)
        var times: ClosedRange<Instant>?
        var latencies = LatencyHistogram()
        var (calls, failures) = (0, 0)

        mutating func add(_ record: ClientRecord) {
            calls += 1
            failures += record.isSuccess ? 0 : 1
            let milliseconds = record.isSuccess ? record.totalMilliseconds : nil
            slots.update(at: record.time.second) { slot in
                slot.calls += 1
                slot.failures += record.isSuccess ? 0 : 1
                if let milliseconds { slot.latencies.record(milliseconds: milliseconds) }
            }
            if let milliseconds { latencies.record(milliseconds: milliseconds) }
            times.cover(record.time...record.time)
        }
    }

    /// Reads the file.
    ///
    /// - Parameter onRecord: called with each record.
    static func read(
        _ file: InputFile, as format: FileFormat, in zone: TimeZone, _ onRecord: (ClientRecord) throws -> Void
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var rows = ClientRecordRows(format, of: file, in: zone)
        var sums = Sums()
        let losses = try RecordReader.readTable(file.text) { columns, row in
            switch rows.record(row, columns) {
            case .other: return true
            case .broken: return false
            case .record(let record):
                sums.add(record)
                try onRecord(record)
                return true
            }
        }
        guard let times = sums.times else { throw UnreadableFile("no rows") }
        var run = LoadRun(name: file.runName, tool: "throughput tool")
        run.sources = [file.relativePath]
        run.times = times
        (run.calls, run.failures) = (sums.calls, sums.failures)
        let seconds = times.upperBound.seconds - times.lowerBound.seconds
        if seconds > 0 { run.achievedRate = Double(sums.calls - sums.failures) / seconds }
        run.percentiles = Percentiles(sums.latencies)
        let series = sums.slots.map { slot in
            LoadSlot(
                calls: slot.calls, failures: slot.failures,
                milliseconds: slot.latencies.values(atPercentiles: LoadSlot.percentiles))
        }
        run.set(series, of: .records)
        return (run, losses)
    }
}

extension Percentiles {
    fileprivate init?(_ latencies: LatencyHistogram) {
        guard latencies.count > 0 else { return nil }
        self.init(
            count: latencies.count, values: latencies.values(atPercentiles: LatencyHistogram.percentiles),
            longest: latencies.milliseconds(atPercentile: 100))
    }
}

extension LatencyHistogram {
    /// Times in ms at percentiles; none without calls.
    fileprivate func values(atPercentiles percentiles: [Double]) -> [Double: Double] {
        let values = percentiles.compactMap { one in milliseconds(atPercentile: one).map { (one, $0) } }
        return Dictionary(uniqueKeysWithValues: values)
    }
}
