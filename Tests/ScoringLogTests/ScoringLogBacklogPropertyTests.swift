import TestSupport
import Testing

@testable import ScoringLog

/// The numbered invariants of the state machine, over random orders of everything that callers and thread can do.
@Suite struct ScoringLogBacklogPropertyTests {
    /// The state machine, and what the test counts beside it.
    private struct Model {
        var backlog: ScoringLogBacklog
        var hand = ScoringLogBatch()
        var unwrittenBytes = 0
        var unwrittenBlocks = 0
        /// Until it is woken, or a timed sleep is over.
        var isAsleep = false
        var hasTimedSleep = false
        var hasLeft = false
        var written: [UInt8] = []
        var taken: [UInt8] = []
        var appendedBlocks = 0
        var writtenBlocks = 0
        var wasFull = false
    }

    @Test("blocks are written in order or counted as lost once, and no thread sleeps in vain", arguments: 0..<200)
    func invariants(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let batch = try ScoringLogWriterTests.batch(["a", "b"])
        var limits = ScoringLogWriter.Limits()
        (limits.capacityBytes, limits.lowWaterBytes) = (4 * batch.bytes.count, 2 * batch.bytes.count)
        limits.coalescedBytes = 2 * batch.bytes.count
        var model = Model(backlog: ScoringLogBacklog(limits: limits))
        model.backlog.roomCallbacks = [{}]
        for step in 0..<400 {
            if Int.random(in: 0..<3, using: &generator) == 0 {
                let ids = ["\(step)", "\(step)-2"].prefix(Int.random(in: 1...2, using: &generator))
                append(try ScoringLogWriterTests.batch(Array(ids)), to: &model)
            } else {
                runThread(&model, using: &generator)
            }
            check(&model)
        }
        model.backlog.close()
        check(&model)
        append(batch, to: &model)
        for _ in 0..<400 where !model.hasLeft { runThread(&model, using: &generator) }
        let lostNothing = model.backlog.abandon()
        #expect(lostNothing == (model.unwrittenBlocks == 0))
        #expect(model.hasLeft && model.backlog.bufferedBlocks == 0 && model.backlog.bufferedBytes == 0)
        let lost = model.backlog.lostBlocks.values.reduce(0, +)
        #expect(model.writtenBlocks + lost == model.appendedBlocks)
        #expect(model.taken.starts(with: model.written))
    }

    private func append(_ batch: ScoringLogBatch, to model: inout Model) {
        let before = model.backlog.bufferedBlocks
        model.backlog.append(batch)
        model.appendedBlocks += batch.blockCount
        guard model.backlog.bufferedBlocks > before else { return }
        model.taken += batch.bytes
        model.unwrittenBytes += batch.bytes.count
        model.unwrittenBlocks += batch.blockCount
    }

    /// One thing that the writer thread may do next.
    private func runThread(_ model: inout Model, using generator: inout SeededGenerator) {
        guard !model.hasLeft else { return }
        if model.isAsleep {
            guard model.hasTimedSleep, Bool.random(using: &generator) else { return }
            model.isAsleep = false
            model.backlog.wokeUp()
        } else if model.hand.isEmpty {
            take(model.backlog.next(into: &model.hand), isTimed: false, &model)
        } else if Int.random(in: 0..<4, using: &generator) == 0 {
            take(model.backlog.failed(.diskFull).step, isTimed: true, &model)
        } else {
            let (bytes, blocks) = (model.hand.bytes.count, model.hand.blockCount)
            model.written += model.hand.bytes
            model.writtenBlocks += blocks
            model.hand.removeAll()
            model.unwrittenBytes -= bytes
            model.unwrittenBlocks -= blocks
            take(model.backlog.wrote(bytes: bytes, blocks: blocks, isWhole: true), isTimed: false, &model)
            take(model.backlog.coalesce(), isTimed: true, &model)
        }
    }

    private func take(_ step: ScoringLogBacklog.Step, isTimed: Bool, _ model: inout Model) {
        model.hasLeft = model.hasLeft || step == .leave
        guard step == .sleep else { return }
        (model.isAsleep, model.hasTimedSleep) = (true, isTimed)
    }

    private func check(_ model: inout Model) {
        #expect(model.backlog.bufferedBytes == model.unwrittenBytes)
        #expect(model.backlog.bufferedBlocks == model.unwrittenBlocks)
        let effects = model.backlog.takeEffects()
        if effects.mustWake {
            #expect(model.isAsleep)
            model.isAsleep = false
        }
        #expect(!effects.roomCallbacks.isEmpty == (model.wasFull && !model.backlog.isFull))
        model.wasFull = model.backlog.isFull
        // A thread that sleeps without a time is woken by the batch that it waits for.
        #expect(!model.isAsleep || model.hasTimedSleep || model.unwrittenBlocks == 0)
    }
}
