/// Whole blocks in the order of their requests: one event loop collects them during a tick and hands them to the writer
/// together.
///
/// `removeAll` keeps the memory, so a loop that reuses one batch soon allocates nothing.
public struct ScoringLogBatch: Sendable {
    /// The blocks' bytes, one after the other.
    public private(set) var bytes: [UInt8] = []
    // Lengths rather than a count, so that the loss of a failing descriptor is known to the block.
    private(set) var blockByteCounts: [UInt32] = []

    package init() {}

    package var blockCount: Int { blockByteCounts.count }

    package var isEmpty: Bool { blockByteCounts.isEmpty }

    /// Adds a request's block.
    public mutating func append(_ block: ScoringLogBlock) {
        withUnsafeTemporaryAllocation(byteCount: block.maximumByteCount, alignment: 1) { buffer in
            append(buffer, count: block.encode(into: buffer))
        }
    }

    /// Adds a request's JSON line.
    public mutating func append(_ record: ScoringLogRecord) {
        withUnsafeTemporaryAllocation(byteCount: record.maximumByteCount, alignment: 1) { buffer in
            append(buffer, count: record.encode(into: buffer))
        }
    }

    /// Removes the blocks and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        blockByteCounts.removeAll(keepingCapacity: true)
    }

    mutating func append(_ other: ScoringLogBatch) {
        bytes.append(contentsOf: other.bytes)
        blockByteCounts.append(contentsOf: other.blockByteCounts)
    }

    private mutating func append(_ buffer: UnsafeMutableRawBufferPointer, count: Int) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        blockByteCounts.append(UInt32(count))
    }
}
