private import CSimdjson
import Model
import NIOCore

/// Reads request bodies and cache entries with simdjson; one per event loop, its memory reused from call to call.
final class BatchReader {
    private let reader: OpaquePointer
    private let maximumRecords: Int
    private let padded: PaddedBuffer

    /// Arrays and objects inside one another; the outer array is the first.
    static let maximumDepth = 64

    /// - Returns: nil if there is no memory for it.
    init?(maximumRecords: Int, maximumBytes: Int, _ padded: PaddedBuffer) {
        let names = Feature.allCases.map(\.name)
        let created = Self.withCStrings(names) { pointers in
            row_reader_create(pointers, names.count, maximumRecords, maximumBytes, Self.maximumDepth)
        }
        guard let created = created ?? nil else { return nil }
        reader = created
        self.maximumRecords = maximumRecords
        self.padded = padded
    }

    deinit { row_reader_destroy(reader) }

    /// Reads a request's body, checks all of it and prints its numbers.
    ///
    /// - Parameter rendered: gets the batch's numbers, unless the body is invalid.
    /// - Returns: the batch, or the body of the 422 that says everything that is wrong.
    func read(
        _ body: ByteBuffer, for model: LinearModel, into rendered: inout RenderedBatch
    ) -> Result<HousingBatch, ValidationErrorBody> {
        padded.with(body) { json in
            let rows = row_reader_read(reader, json, body.readableBytes)
            let bytes = UnsafeRawBufferPointer(start: json, count: body.readableBytes)
            switch rows.outcome {
            case ROW_READER_ROWS where rows.row_count == 0:
                return .failure(.whole(.tooShort, bytes))
            case ROW_READER_ROWS where rows.row_count > maximumRecords:
                return .failure(.whole(.tooLong(rows.row_count, limit: maximumRecords), bytes))
            case ROW_READER_ROWS:
                switch HousingBatch.validate(
                    values: rows.values, cells: rows.kinds, count: rows.row_count, for: model)
                {
                case .success(let batch):
                    // Now, since the body's text is only here until the next one is read.
                    let texts = RenderedBatch.SentNumbers(body: json, offsets: rows.offsets, lengths: rows.text_lengths)
                    rendered.render(batch, sentAs: texts)
                    return .success(batch)
                case .failure(let violations):
                    return .failure(
                        ValidationErrorBody(violations) { record, feature in
                            Self.value(bytes, rows, record, feature)
                        })
                }
            case ROW_READER_NOT_A_LIST:
                return .failure(.whole(.notAList, bytes))
            default:
                let reason = rows.reason.map { String(cString: $0) } ?? "malformed JSON"
                return .failure(.invalidJSON(bytes, reason: reason))
            }
        }
    }

    /// Reads a cache entry: a JSON array of exactly `count` finite numbers.
    ///
    /// - Returns: nil if it is anything else.
    func readPredictions(_ entry: ByteBuffer, count: Int) -> [Double]? {
        padded.with(entry) { json in
            var isUsable = false
            let predictions = [Double](unsafeUninitializedCapacity: count) { numbers, initialized in
                guard let start = numbers.baseAddress else { return }
                isUsable = row_reader_read_numbers(reader, json, entry.readableBytes, start, count)
                initialized = isUsable ? count : 0
            }
            return isUsable ? predictions : nil
        }
    }

    /// The JSON text of a field's value, or of a record.
    private static func value(
        _ body: UnsafeRawBufferPointer, _ rows: row_reader_result, _ record: Int, _ feature: Feature?
    ) -> UnsafeRawBufferPointer {
        let offset = feature.map { rows.offsets[record * Feature.count + $0.rawValue] } ?? rows.row_offsets[record]
        guard let json = body.baseAddress else { return body }
        let length = row_reader_value_length(json.assumingMemoryBound(to: UInt8.self), body.count, Int(offset))
        return UnsafeRawBufferPointer(start: json + Int(offset), count: length)
    }

    private static func withCStrings<Answer>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>>) -> Answer
    ) -> Answer? {
        let bytes = strings.flatMap { Array($0.utf8CString) }
        let starts = strings.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.utf8CString.count) }
        return bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return starts.map { base + $0 }.withUnsafeBufferPointer { $0.baseAddress.map(body) }
        }
    }
}
