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
        // `write` copies blocks; the last one begins within the last number.
        digits = [UInt8](repeating: 0, count: numbers * PythonFloat.maximumLength + CopyBlock.scalarCount)
    }

    /// How many bytes `write` writes.
    public func byteCount(_ template: BatchTemplate) -> Int {
        template.byteCount(records: count) + digitCount
    }

    /// Writes the numbers with the template's text around them.
    ///
    /// Pieces and numbers are short, so each is copied as one block of fixed size, and the next one overwrites the rest.
    /// This costs a third of copies of exact length, which are made only near the end, where a block does not fit.
    ///
    /// - Parameter out: room for `byteCount(template)` bytes.
    public func write(_ template: BatchTemplate, to out: UnsafeMutableRawPointer) {
        let end = out + byteCount(template)
        let lastBlock = end - 2 * CopyBlock.scalarCount
        template.bytes.withUnsafeBytes { pieces in
            digits.withUnsafeBytes { digits in
                guard var digit = digits.baseAddress, let piece = pieces.baseAddress else { return }
                var out = out
                for index in 0..<count * Feature.count {
                    let range = template.piece(before: index)
                    let length = Int(lengths[index])
                    if out <= lastBlock {
                        copyBlock(from: piece + range.lowerBound, to: out)
                        copyBlock(from: digit, to: out + range.count)
                    } else {
                        out.copyMemory(from: piece + range.lowerBound, byteCount: range.count)
                        (out + range.count).copyMemory(from: digit, byteCount: length)
                    }
                    out += range.count + length
                    digit += length
                }
                out.copyMemory(from: piece + template.tail.lowerBound, byteCount: template.tail.count)
            }
        }
    }

    @inline(__always)
    private func copyBlock(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: source.loadUnaligned(as: CopyBlock.self), as: CopyBlock.self)
    }
}

/// As many bytes as the longest piece of a template or the longest number may have.
typealias CopyBlock = SIMD32<UInt8>
