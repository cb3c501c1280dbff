import Bytes

/// The numbers of a batch as text, rendered once and used twice: in the query key and in the response's `inputs`.
///
/// Each event loop has one and uses it for batch after batch, so that it keeps its memory.
public struct RenderedBatch {
    private var digits: [UInt8] = []
    private var lengths: [UInt8] = []
    private var count = 0
    private var digitCount = 0

    package init() {}

    /// Replaces the previous batch's numbers by this batch's.
    public mutating func render(_ batch: HousingBatch) {
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

    /// How many bytes `write` writes.
    public func byteCount(_ template: BatchTemplate) -> Int {
        template.byteCount(records: count) + digitCount
    }

    /// Writes the numbers with the template's text around them.
    ///
    /// - Parameter out: room for `byteCount(template)` bytes.
    public func write(_ template: BatchTemplate, to out: UnsafeMutableRawPointer) {
        var output = ByteWriter(UnsafeMutableRawBufferPointer(start: out, count: byteCount(template)))
        template.bytes.withUnsafeBytes { pieces in
            digits.withUnsafeBytes { digits in
                var start = 0
                for index in 0..<count * Feature.count {
                    let end = start + Int(lengths[index])
                    output.put(pieces.part(template.piece(before: index)))
                    output.put(digits.part(start..<end))
                    start = end
                }
                output.put(pieces.part(template.tail))
            }
        }
    }
}
