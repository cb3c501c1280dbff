import Files
import Foundation

/// A file of clients' records, read once: for the page as sums over time, for the database one by one.
enum ClientRecordsFile {
    /// Reads the file.
    ///
    /// - Parameter onRecord: called with each record.
    static func read(
        _ file: InputFile, as format: FileFormat.Recognized, in zone: TimeZone,
        _ onRecord: (ClientRecord) throws -> Void
    ) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var rows = ClientRecordRows(format.format, of: file, in: zone)
        var sums = RequestSums()
        let losses = try RecordReader.readTable(file.text, format.layout, rows.cells) { columns, row in
            switch rows.record(row, columns) {
            case .other: return true
            case .broken: return false
            case .record(let record):
                let milliseconds = record.isSuccess ? record.totalMilliseconds : nil
                sums.add(at: record.time, isSuccess: record.isSuccess, milliseconds: milliseconds)
                try onRecord(record)
                return true
            }
        }
        return (try sums.run(named: file.runName, tool: "throughput tool", of: file, .records), losses)
    }
}
