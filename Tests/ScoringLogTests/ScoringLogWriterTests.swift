import Foundation
import Testing

@testable import ScoringLog

/// The writer over real pipes and sockets.
@Suite(.timeLimit(.minutes(2))) struct ScoringLogWriterTests {
    static let patience = Duration.seconds(60)

    static func batch(_ ids: [String]) throws -> ScoringLogBatch {
        var batch = ScoringLogBatch()
        for id in ids { batch.append(try .scored(id: id)) }
        return batch
    }

    /// Small sizes, which are soon reached.
    static var smallLimits: ScoringLogWriter.Limits {
        var limits = ScoringLogWriter.Limits()
        limits.capacityBytes = 16 << 10
        limits.lowWaterBytes = 8 << 10
        limits.coalescedBytes = 2 << 10
        return limits
    }

    private static func expectNothingLost(by writer: ScoringLogWriter) {
        for loss in ScoringLogLossReason.allCases { #expect(writer.lostBlocks(loss) == 0) }
    }

    @Test(
        "eight threads' batches arrive whole, in each thread's order, and none is lost", arguments: [false, true])
    func eightThreads(
        isNonBlocking: Bool
    ) throws {
        let pipe = try LogPipe(isNonBlocking: isNonBlocking)
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd, limits: Self.smallLimits) { _ in }
        let bytes = pipe.startReading()
        let (threads, batches) = (8, 2000)
        let group = DispatchGroup()
        for thread in 0..<threads {
            Self.startAppending(batches, by: thread, to: writer, in: group)
        }
        group.wait()
        #expect(writer.close(within: Self.patience))
        pipe.closeWriteEnd()
        let reading = LogReading(bytes.wait())
        pipe.closeReadEnd()
        Self.expectNothingLost(by: writer)
        var next = Array(repeating: 0, count: threads)
        var rest = reading.requests.map { $0.requestID ?? "" }[...]
        while let first = rest.first {
            let thread = try #require(Int(first.prefix { $0 != "-" }))
            let ids = (0...next[thread] % 4).map { "\(thread)-\(next[thread])-\($0)" }
            try #require(Array(rest.prefix(ids.count)) == ids)
            rest = rest.dropFirst(ids.count)
            next[thread] += 1
        }
        #expect(next == Array(repeating: batches, count: threads))
        var counts = ScoringLogCounts()
        counts.requests = threads * batches * 5 / 2
        (counts.scoringLines, counts.scoredRequests, counts.lines) = (
            counts.requests, counts.requests, 3 * counts.requests
        )
        #expect(reading.counts == counts)
    }

    @Test(
        "a reader that stops makes it full, and one that continues makes room again", arguments: [false, true])
    func stoppedReader(
        isNonBlocking: Bool
    ) throws {
        let pipe = try LogPipe(isNonBlocking: isNonBlocking)
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd, limits: Self.smallLimits) { _ in }
        let hasRoom = DispatchSemaphore(value: 0)
        writer.onRoom { hasRoom.signal() }
        #expect(writer.hasRoom)
        let batch = try Self.batch(["a", "b"])
        var batches = 0
        while writer.hasRoom {
            writer.append(batch)
            batches += 1
            try #require(batches < 1000)
        }
        // A batch that is handed over although it is full is taken all the same.
        writer.append(batch)
        #expect(!writer.hasRoom)
        let bytes = pipe.startReading()
        hasRoom.wait()
        #expect(writer.hasRoom)
        #expect(writer.close(within: Self.patience))
        pipe.closeWriteEnd()
        #expect(LogReading(bytes.wait()).requests.count == 2 * (batches + 1))
        pipe.closeReadEnd()
        Self.expectNothingLost(by: writer)
    }

    @Test("close writes all that is pending")
    func closing() throws {
        let pipe = try LogPipe()
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd) { _ in }
        let ids = (0..<20_000).map { "\($0)" }
        writer.append(try Self.batch(ids))
        let bytes = pipe.startReading()
        #expect(writer.close(within: Self.patience))
        #expect(writer.close(within: .zero))
        pipe.closeWriteEnd()
        #expect(LogReading(bytes.wait()).requests.map(\.requestID) == ids)
        pipe.closeReadEnd()
        writer.append(try Self.batch(["late", "later"]))
        #expect(writer.lostBlocks(.closed) == 2)
    }

    @Test(
        "close keeps its time when the reader is stuck, and counts what it leaves", arguments: [false, true])
    func stuckReader(
        isNonBlocking: Bool
    ) throws {
        let pipe = try LogPipe(isNonBlocking: isNonBlocking)
        let limits = Self.smallLimits
        let hasEnded = DispatchSemaphore(value: 0)
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd, limits: limits) { _ in }
        writer.onRoom { hasEnded.signal() }
        let total = 1000
        writer.append(try Self.batch((0..<total).map { "\($0)" }))
        #expect(!writer.hasRoom)
        #expect(!writer.close(within: .milliseconds(50)))
        #expect(!writer.close(within: .zero))
        // Closing wakes those who wait for room.
        hasEnded.wait()
        #expect(writer.hasRoom)
        let lost = writer.lostBlocks(.closed)
        #expect(lost > 0 && lost <= total)
        // The write that was held up may still end, and no other begins: what is read is whole blocks and at most one
        // that is cut.
        let bytes = pipe.startReading()
        try pipe.detachWriteEnd()
        let reading = LogReading(bytes.wait())
        pipe.closeReadEnd()
        let oneWrite = limits.coalescedBytes / (try Self.batch(["0"]).bytes.count) + 2
        #expect(reading.requests.count + lost >= total)
        #expect(reading.requests.count + lost <= total + oneWrite)
        let ids = reading.requests.compactMap(\.requestID)
        #expect(ids == (0..<ids.count).map { "\($0)" })
    }

    @Test("a closed pipe loses blocks, which are counted; it is reported once, and ends no process")
    func closedPipe() throws {
        let pipe = try LogPipe()
        pipe.closeReadEnd()
        let reported = Locked<[String]>([])
        let hasReported = DispatchSemaphore(value: 0)
        let blocksSignal = Locked(false)
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd) { line in
            reported.update { $0.append(line) }
            blocksSignal.set(Self.callingThreadBlocks(SIGPIPE))
            hasReported.signal()
        }
        writer.append(try Self.batch(["a", "b", "c"]))
        hasReported.wait()
        #expect(writer.lostBlocks(.closed) == 3)
        writer.append(try Self.batch(["d"]))
        #expect(writer.hasRoom)
        #expect(writer.lostBlocks(.closed) == 4)
        #expect(writer.lostBlocks(.diskFull) == 0)
        #expect(writer.close(within: Self.patience))
        #expect(reported.get().count == 1)
        #expect(reported.get().allSatisfy { $0.contains("Broken pipe") && !$0.contains("\n") })
        // Otherwise this passes only because another library ignores the signal for the whole process.
        #expect(blocksSignal.get())
        pipe.closeWriteEnd()
    }

    @Test("a reader that leaves while the buffer is full releases the waiting requests")
    func leavingReader() throws {
        let pipe = try LogPipe()
        let writer = ScoringLogWriter(fileDescriptor: pipe.writeEnd, limits: Self.smallLimits) { _ in }
        let hasRoom = DispatchSemaphore(value: 0)
        writer.onRoom { hasRoom.signal() }
        let total = 2000
        writer.append(try Self.batch((0..<total).map { "\($0)" }))
        #expect(!writer.hasRoom)
        var piece = [UInt8](repeating: 0, count: 100)
        #expect(read(pipe.readEnd, &piece, piece.count) == 100)
        pipe.closeReadEnd()
        hasRoom.wait()
        #expect(writer.hasRoom)
        // A pipe takes 64 KiB at most.
        #expect(writer.lostBlocks(.closed) > total / 2)
        #expect(writer.close(within: Self.patience))
        pipe.closeWriteEnd()
    }

    @Test("an invalid descriptor counts as a closed one")
    func invalidDescriptor() throws {
        let reported = Locked<[String]>([])
        let hasReported = DispatchSemaphore(value: 0)
        let writer = ScoringLogWriter(fileDescriptor: -1) { line in
            reported.update { $0.append(line) }
            hasReported.signal()
        }
        writer.append(try Self.batch(["a"]))
        hasReported.wait()
        #expect(writer.lostBlocks(.closed) == 1)
        #expect(writer.close(within: Self.patience))
        #expect(reported.get().count == 1)
    }

    @Test("after a write, blocks are collected until the writer is closed")
    func coalescingUntilClose() throws {
        let (reader, descriptor) = try Self.recordSocket()
        var limits = ScoringLogWriter.Limits()
        limits.coalescingTime = .seconds(86_400)
        let writer = ScoringLogWriter(fileDescriptor: descriptor, limits: limits) { _ in }
        writer.append(try Self.batch(["a"]))
        #expect(Self.record(from: reader).requests.map(\.requestID) == ["a"])
        for id in ["b", "c", "d"] { writer.append(try Self.batch([id])) }
        #expect(writer.close(within: Self.patience))
        #expect(Self.record(from: reader).requests.map(\.requestID) == ["b", "c", "d"])
        close(reader)
        close(descriptor)
    }

    @Test("after a write, blocks are collected until there are enough")
    func coalescing() throws {
        let (reader, descriptor) = try Self.recordSocket()
        var limits = ScoringLogWriter.Limits()
        limits.coalescingTime = .seconds(86_400)
        limits.coalescedBytes = 3 * (try Self.batch(["a"]).bytes.count)
        let writer = ScoringLogWriter(fileDescriptor: descriptor, limits: limits) { _ in }
        writer.append(try Self.batch(["a"]))
        #expect(Self.record(from: reader).requests.map(\.requestID) == ["a"])
        for id in ["b", "c", "d"] { writer.append(try Self.batch([id])) }
        #expect(Self.record(from: reader).requests.map(\.requestID) == ["b", "c", "d"])
        #expect(writer.close(within: Self.patience))
        close(reader)
        close(descriptor)
    }

    @Test("an empty batch does nothing")
    func empty() throws {
        let writer = ScoringLogWriter(fileDescriptor: -1) { _ in }
        writer.append(ScoringLogBatch())
        #expect(writer.hasRoom)
        #expect(writer.close(within: Self.patience))
        Self.expectNothingLost(by: writer)
    }

    /// Appends batches of one to four blocks on a thread of their own, each when there is room.
    private static func startAppending(
        _ batches: Int, by thread: Int, to writer: ScoringLogWriter, in group: DispatchGroup
    ) {
        let room = DispatchSemaphore(value: 0)
        writer.onRoom { room.signal() }
        group.enter()
        Thread {
            defer { group.leave() }
            for batch in 0..<batches {
                while !writer.hasRoom { room.wait() }
                let ids = (0...batch % 4).map { "\(thread)-\(batch)-\($0)" }
                if let batch = try? Self.batch(ids) { writer.append(batch) }
            }
        }.start()
    }

    private static func callingThreadBlocks(_ signal: Int32) -> Bool {
        var blocked = sigset_t()
        return pthread_sigmask(SIG_BLOCK, nil, &blocked) == 0 && sigismember(&blocked, signal) == 1
    }

    /// A pair of sockets in which each write arrives as one record.
    private static func recordSocket() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        #if os(Linux)
        let type = Int32(SOCK_SEQPACKET.rawValue)
        #else
        let type = SOCK_DGRAM
        #endif
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    private static func record(from reader: Int32) -> LogReading {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(reader, &bytes, bytes.count)
        return LogReading(Array(bytes.prefix(max(count, 0))))
    }
}
