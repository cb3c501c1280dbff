import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import HTTP1
@testable import Server

/// Requests wait in order and not forever, and each has exactly one outcome.
@Suite struct WaitQueueTests {
    /// A queue on the current event loop, whose requests wait for a semaphore of the test's.
    private final class Bench {
        let places: HTTP1.Semaphore
        let wanted: HTTP1.Semaphore
        let queue: WaitQueue<Permit>
        var started: [Int] = []
        var rejected: [Int: [RejectionReason]] = [:]
        private var held: [Held] = []

        /// A permit in an array.
        private final class Held {
            var permit: Permit?

            init(_ permit: consuming Permit) { self.permit = consume permit }
        }

        init(_ eventLoop: any EventLoop, places: Int, wanted: Int, maximumWait: TimeAmount = .hours(1)) {
            let (places, wanted) = (HTTP1.Semaphore(maximum: places), HTTP1.Semaphore(maximum: wanted))
            (self.places, self.wanted) = (places, wanted)
            queue = WaitQueue(on: eventLoop, places: places, maximumWait: maximumWait) { _ in wanted.tryAcquire() }
        }

        func keep(_ permit: consuming Permit) { held.append(Held(permit)) }

        /// Acquires units of the awaited semaphore.
        func take(_ count: Int = 1) -> Bool {
            for _ in 0..<count {
                guard let permit = wanted.tryAcquire() else { return false }
                keep(permit)
            }
            return true
        }

        /// Releases units of the awaited semaphore.
        func release(_ count: Int = 1) { held.removeFirst(count) }

        func wait(_ request: Int, _ then: @escaping () -> Void = {}) {
            queue.wait { permit in
                self.keep(permit)
                self.started.append(request)
                then()
            } orReject: {
                self.rejected[request, default: []].append($0)
            }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (any EventLoop) -> Void) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        try await eventLoop.submit { body(eventLoop) }.get()
    }

    @Test("first come, first served, as many as there are permits")
    func order() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 100, wanted: 2)
            #expect(bench.take(2) && bench.queue.isEmpty)
            for call in 0..<5 { bench.wait(call) }
            #expect(!bench.queue.isEmpty && bench.started.isEmpty && bench.places.inUse == 5)
            bench.release(2)
            bench.queue.startWaiting()
            #expect(bench.started == [0, 1] && bench.places.inUse == 3)
            bench.queue.startWaiting()
            #expect(bench.started == [0, 1])
            for _ in 0..<3 {
                bench.release()
                bench.queue.startWaiting()
            }
            #expect(bench.started == [0, 1, 2, 3, 4] && bench.rejected.isEmpty)
            #expect(bench.queue.isEmpty && bench.places.inUse == 0)
        }
    }

    @Test("a release while a request is being queued is not missed")
    func givenBackMeanwhile() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 1, wanted: 1)
            bench.wait(0)
            #expect(bench.started == [0] && bench.places.inUse == 0)
        }
    }

    @Test("a request beyond the queue is rejected at once: queue_full, or in_flight if there is no queue")
    func refusedAtOnce() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 2, wanted: 0)
            for call in 0..<4 { bench.wait(call) }
            #expect(bench.rejected == [2: [.queueFull], 3: [.queueFull]] && bench.places.inUse == 2)
            let none = Bench(eventLoop, places: 0, wanted: 1)
            none.wait(0)
            #expect(none.rejected == [0: [.inFlight]] && none.started.isEmpty && none.places.inUse == 0)
        }
    }

    @Test("10 000 waiting requests that end at once start one after the other, not one inside the other")
    func noRecursion() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 20_000, wanted: 1)
            #expect(bench.take())
            var depth = 0
            var deepest = 0
            for call in 0..<10_000 {
                bench.wait(call) {
                    depth += 1
                    deepest = max(deepest, depth)
                    bench.release()
                    bench.queue.startWaiting()
                    depth -= 1
                }
            }
            bench.release()
            bench.queue.startWaiting()
            #expect(bench.started == Array(0..<10_000) && deepest == 1)
            #expect(bench.places.inUse == 0 && bench.wanted.inUse == 0)
        }
    }

    @Test("a request that is queued while another starts is placed after those that wait")
    func waitWhileStarting() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 10, wanted: 10)
            #expect(bench.take(10))
            bench.wait(0) { bench.wait(2) }
            bench.wait(1)
            bench.release(10)
            bench.queue.startWaiting()
            #expect(bench.started == [0, 1, 2])
        }
    }

    @Test(
        "time spent waiting elsewhere counts, so such a request can be rejected before earlier ones",
        .proves("C2.7"))
    func waitedElsewhere() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let reason = try await eventLoop.flatSubmit {
            let bench = Bench(eventLoop, places: 100, wanted: 0)
            let refused = eventLoop.makePromise(of: RejectionReason.self)
            bench.wait(0)
            for waited in [TimeAmount.minutes(59), .hours(1), .zero] {
                bench.queue.wait(after: waited) { _ in
                } orReject: {
                    if waited == .hours(1) { refused.succeed($0) } else { bench.rejected[1, default: []].append($0) }
                }
            }
            return refused.futureResult.assumeIsolated().map { reason in
                #expect(bench.rejected.isEmpty && bench.places.inUse == 3)
                return reason
            }.nonisolated()
        }.get()
        #expect(reason == .queueDeadline)
    }

    @Test("abandoned requests leave the queue and release their places, and those after them keep their order")
    func abandoned() async throws {
        try await onLoop { eventLoop in
            let bench = Bench(eventLoop, places: 5, wanted: 1)
            #expect(bench.take())
            var gone: Set<Int> = []
            for call in 0..<5 {
                bench.queue.wait(unless: { gone.contains(call) }) { permit in
                    bench.keep(permit)
                    bench.started.append(call)
                } orReject: {
                    bench.rejected[call, default: []].append($0)
                }
            }
            gone = [0, 3]
            bench.queue.rejectAbandoned()
            bench.queue.rejectAbandoned()
            #expect(bench.rejected == [0: [.clientGone], 3: [.clientGone]] && bench.places.inUse == 3)
            for _ in 0..<3 {
                bench.release()
                bench.queue.startWaiting()
            }
            #expect(bench.started == [1, 2, 4] && bench.places.inUse == 0)
        }
    }

    @Test("at its deadline each waiting request is rejected exactly once, and releases its place")
    func deadline() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let ends = try await eventLoop.flatSubmit {
            let bench = Bench(eventLoop, places: 100, wanted: 1, maximumWait: .milliseconds(50))
            #expect(bench.take())
            let began = NIODeadline.now()
            let promises = (0..<10).map { _ in eventLoop.makePromise(of: RejectionReason.self) }
            for promise in promises {
                bench.queue.wait { _ in
                    promise.fail(CancellationError())
                } orReject: {
                    promise.succeed($0)
                }
            }
            return EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: eventLoop).assumeIsolated()
                .map { reasons in
                    #expect(NIODeadline.now() - began >= .milliseconds(50))
                    // A release now belongs to no request any more.
                    bench.release()
                    bench.queue.startWaiting()
                    #expect(bench.queue.isEmpty && bench.places.inUse == 0 && bench.wanted.inUse == 0)
                    return reasons
                }.nonisolated()
        }.get()
        #expect(ends == [RejectionReason](repeating: .queueDeadline, count: 10))
    }
}
