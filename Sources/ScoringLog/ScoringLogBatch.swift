/// Whole blocks in the order of their calls, collected by one event loop during a tick and handed to the writer at
/// once.
///
/// Keeps its memory over `removeAll`, so a loop that reuses one batch allocates nothing in the long run.
public struct ScoringLogBatch: Sendable {
    /// The blocks' bytes, one after the other.
    public private(set) var bytes: [UInt8] = []
    // Lengths and not a count, so that what a failing descriptor has lost is known to the block.
    private(set) var blockByteCounts: [UInt32] = []

    /// An empty batch.
    public init() {}

    /// Blocks in the batch.
    public var blockCount: Int { blockByteCounts.count }

    /// True if there is nothing to hand over.
    public var isEmpty: Bool { blockByteCounts.isEmpty }

    /// Adds a call's block.
    public mutating func append(_ block: ScoringLogBlock) {
        withUnsafeTemporaryAllocation(byteCount: block.maximumByteCount, alignment: 1) { buffer in
            append(buffer, count: block.encode(into: buffer))
        }
    }

    /// Adds a call's JSON line.
    public mutating func append(_ record: ScoringLogRecord) {
        withUnsafeTemporaryAllocation(byteCount: record.maximumByteCount, alignment: 1) { buffer in
            append(buffer, count: record.encode(into: buffer))
        }
    }

    /// Forgets the blocks and keeps the memory.
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
