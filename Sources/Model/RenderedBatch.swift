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

    /// The numbers of a batch as its body has them.
    public struct SentNumbers {
        let body: UnsafeRawPointer
        let offsets: UnsafePointer<UInt32>
        let lengths: UnsafePointer<UInt8>

        /// - Parameters:
        ///   - body: at least 32 bytes can be read from the beginning of each number.
        ///   - offsets: where each number begins.
        ///   - lengths: how long its text is if `PythonFloat` prints the same text; 128 more if it prints the same text
        ///     with `.0` after it; 0 if neither is known.
        public init(body: UnsafeRawPointer, offsets: UnsafePointer<UInt32>, lengths: UnsafePointer<UInt8>) {
            self.body = body
            self.offsets = offsets
            self.lengths = lengths
        }
    }

    /// Replaces the previous batch's numbers by this batch's.
    ///
    /// - Parameter sent: their texts, which are copied where printing would give the same; this costs a third.
    public mutating func render(_ batch: HousingBatch, sentAs sent: SentNumbers? = nil) {
        let numbers = batch.records.count * Feature.count
        reserve(numbers)
        var used = 0
        var index = 0
        digits.withUnsafeMutableBufferPointer { digits in
            lengths.withUnsafeMutableBufferPointer { lengths in
                guard let text = digits.baseAddress else { return }
                for record in batch.records {
                    for column in 0..<Feature.count {
                        let length =
                            sent.flatMap { Self.copy($0, index, to: text + used) }
                            ?? PythonFloat.write(record[column], to: text + used)
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

    /// Copies a number's text.
    ///
    /// - Returns: how many bytes it has as printed; nil if it must be printed.
    @inline(__always)
    private static func copy(_ sent: SentNumbers, _ index: Int, to out: UnsafeMutablePointer<UInt8>) -> Int? {
        let length = Int(sent.lengths[index] & 0x7F)
        guard length > 0 else { return nil }
        copyBlock(from: sent.body + Int(sent.offsets[index]), to: UnsafeMutableRawPointer(out))
        guard sent.lengths[index] >= 0x80 else { return length }
        out[length] = UInt8(ascii: ".")
        out[length + 1] = UInt8(ascii: "0")
        return length + 2
    }

    private mutating func reserve(_ numbers: Int) {
        guard lengths.count < numbers else { return }
        lengths = [UInt8](repeating: 0, count: numbers)
        // Blocks are copied; the last one begins within the last number.
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
                        Self.copyBlock(from: piece + range.lowerBound, to: out)
                        Self.copyBlock(from: digit, to: out + range.count)
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
    private static func copyBlock(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: source.loadUnaligned(as: CopyBlock.self), as: CopyBlock.self)
    }
}

/// As many bytes as the longest piece of a template or the longest number may have.
typealias CopyBlock = SIMD32<UInt8>
