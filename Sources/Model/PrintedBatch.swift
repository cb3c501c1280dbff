/// The numbers of a batch as text, printed once and used twice: for the query key and for the answer's `inputs`.
///
/// Keeps its memory from batch to batch; one per event loop.
public struct PrintedBatch {
    private var digits: [UInt8] = []
    private var lengths: [UInt8] = []
    private var count = 0
    private var digitCount = 0

    /// Starts with nothing printed.
    public init() {}

    /// Replaces what was printed before by the batch's numbers.
    public mutating func print(_ batch: HousingBatch) {
        let numbers = batch.records.count * Feature.count
        reserve(numbers)
        var used = 0
        var index = 0
        digits.withUnsafeMutableBufferPointer { digits in
            lengths.withUnsafeMutableBufferPointer { lengths in
                guard let text = digits.baseAddress else { return }
                for record in batch.records {
                    for column in 0..<Feature.count {
                        let length = PythonFloat.write(record[column], to: text + used)
                        lengths[index] = UInt8(truncatingIfNeeded: length)
                        used += length
                        index += 1
                    }
                }
            }
        }
        count = batch.records.count
        digitCount = used
    }

    private mutating func reserve(_ numbers: Int) {
        guard lengths.count < numbers else { return }
        lengths = [UInt8](repeating: 0, count: numbers)
        digits = [UInt8](repeating: 0, count: numbers * PythonFloat.maximumLength)
    }

    /// How many bytes `write` will write.
    public func byteCount(_ template: BatchTemplate) -> Int {
        template.byteCount(records: count) + digitCount
    }

    /// Writes the batch in the template's form.
    ///
    /// - Parameter out: room for `byteCount(template)` bytes.
    public func write(_ template: BatchTemplate, to out: UnsafeMutableRawPointer) {
        var position = out
        func append(_ bytes: UnsafeRawPointer, _ count: Int) {
            position.copyMemory(from: bytes, byteCount: count)
            position += count
        }
        template.bytes.withUnsafeBytes { pieces in
            digits.withUnsafeBytes { digits in
                guard let pieces = pieces.baseAddress, var number = digits.baseAddress else { return }
                for index in 0..<count * Feature.count {
                    let piece = template.piece(before: index)
                    append(pieces + piece.lowerBound, piece.count)
                    let length = Int(lengths[index])
                    append(number, length)
                    number += length
                }
                append(pieces + template.tail.lowerBound, template.tail.count)
            }
        }
    }
}
