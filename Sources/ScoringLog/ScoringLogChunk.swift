/// The batch in the writer thread's hand, and how much of it is written, in bytes and in whole blocks.
struct ScoringLogChunk: Sendable {
    private static let maximumKeptBytes = 1 << 20

    private var batch: ScoringLogBatch
    private var writtenBytes = 0
    private var writtenBlocks = 0
    /// Where the first block that is not completely written begins.
    private var blockStart = 0

    init(_ batch: ScoringLogBatch = ScoringLogBatch()) {
        self.batch = batch
    }

    /// Passes the next bytes to `write`; nil, without calling it, if all are written.
    func withNextBytes<Result>(atMost limit: Int, _ write: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard writtenBytes < batch.bytes.count else { return nil }
        return batch.bytes.withUnsafeBytes {
            write(UnsafeRawBufferPointer(rebasing: $0[writtenBytes...].prefix(limit)))
        }
    }

    /// Advances by the bytes written.
    ///
    /// - Returns: how many blocks these bytes completed.
    mutating func advance(by count: Int) -> Int {
        writtenBytes += count
        let before = writtenBlocks
        while writtenBlocks < batch.blockByteCounts.count {
            let end = blockStart + Int(batch.blockByteCounts[writtenBlocks])
            guard end <= writtenBytes else { break }
            blockStart = end
            writtenBlocks += 1
        }
        return writtenBlocks - before
    }

    /// Takes the batch's memory, without its blocks, to be used again; memory beyond 1 MiB is freed.
    mutating func takeEmptied() -> ScoringLogBatch {
        // Swapped out, since emptying a batch that two values share would copy it.
        var taken = ScoringLogBatch()
        swap(&taken, &batch)
        self = ScoringLogChunk()
        guard taken.bytes.capacity <= Self.maximumKeptBytes else { return ScoringLogBatch() }
        taken.removeAll()
        return taken
    }
}
