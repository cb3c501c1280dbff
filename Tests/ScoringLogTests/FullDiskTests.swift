import Foundation
import TestSupport
import Testing

@testable import ScoringLog

/// The writer on a disk without room.
@Suite(.timeLimit(.minutes(2))) struct FullDiskTests {
    #if os(Linux)
    @Test("A device that is always full keeps what it took, drops what comes, and says so once", .proves("C3.8"))
    func fullDevice() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        var limits = ScoringLogWriterTests.smallLimits
        limits.retryInterval = .milliseconds(1)
        let reported = Locked<[String]>([])
        let isFull = DispatchSemaphore(value: 0)
        let writer = ScoringLogWriter(fileDescriptor: descriptor, limits: limits) { line in
            reported.update { $0.append(line) }
            isFull.signal()
        }
        let hasRoom = DispatchSemaphore(value: 0)
        writer.onRoom { hasRoom.signal() }
        let total = 500
        writer.append(try ScoringLogWriterTests.batch((0..<total).map { "\($0)" }))
        isFull.wait()
        // It was full of bytes until the disk was known to be full; from then on requests need not wait.
        hasRoom.wait()
        #expect(writer.hasRoom)
        writer.append(try ScoringLogWriterTests.batch(["x", "y"]))
        #expect(writer.hasRoom)
        #expect(writer.lostBlocks(.diskFull) == 2)
        #expect(!writer.close(within: ScoringLogWriterTests.patience))
        #expect(writer.lostBlocks(.diskFull) == total + 2)
        #expect(writer.lostBlocks(.closed) == 0)
        #expect(reported.get().count == 1)
        #expect(reported.get().allSatisfy { $0.contains("No space left on device") })
        close(descriptor)
    }

    @Test(
        "once a disk is freed, the log continues with the block at which it stopped",
        .enabled(if: SmallDisk.canBeMounted, "needs the right to mount a tmpfs"), arguments: 0..<8)
    func freedDisk(seed: Int) throws {
        let disk = try SmallDisk(bytes: 64 << 10)
        defer { disk.unmount() }
        try disk.fill(leaving: 32 << 10)
        let log = disk.folder.appending(path: "log")
        let descriptor = open(log.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        try #require(descriptor >= 0)
        var limits = ScoringLogWriterTests.smallLimits
        limits.retryInterval = .milliseconds(1)
        let isFull = DispatchSemaphore(value: 0)
        let writer = ScoringLogWriter(fileDescriptor: descriptor, limits: limits) { _ in isFull.signal() }
        // Other lengths of id each time, so that the disk ends elsewhere within a block.
        let padding = String(repeating: "-", count: 1 + seed)
        let taken = 290
        writer.append(try ScoringLogWriterTests.batch((0..<taken).map { "\($0)\(padding)" }))
        isFull.wait()
        writer.append(try ScoringLogWriterTests.batch((0..<10).map { "dropped\($0)" }))
        #expect(writer.lostBlocks(.diskFull) == 10)
        let before = try Data(contentsOf: log)
        #expect(before.count == 32 << 10)
        try disk.makeRoom()
        // Dropped and counted until the writer has seen that there is room.
        var lost = 10
        while true {
            writer.append(try ScoringLogWriterTests.batch(["after"]))
            guard writer.lostBlocks(.diskFull) == lost + 1 else { break }
            lost += 1
            usleep(100)
        }
        #expect(writer.close(within: ScoringLogWriterTests.patience))
        close(descriptor)
        let reading = LogReading(Array(try Data(contentsOf: log)))
        #expect(reading.requests.map(\.requestID) == (0..<taken).map { "\($0)\(padding)" } + ["after"])
        #expect(reading.counts.lines == 3 * (taken + 1))
        #expect(writer.lostBlocks(.diskFull) == lost)
        #expect(writer.lostBlocks(.closed) == 0)
    }
    #endif
}
