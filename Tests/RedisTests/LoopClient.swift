import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Redis

/// A client on an event loop, for tests that run elsewhere: it hops there, and checks that each look-up has exactly one
/// outcome.
final class LoopClient: Sendable {
    let eventLoop: any EventLoop
    private let client: NIOLoopBound<RedisClient>
    private let stores: NIOLoopBound<TestStores>
    private let events: AsyncStream<RedisEvent>
    private let outcomeCounts = NIOLockedValueBox<[Int]>([])

    private init(
        eventLoop: any EventLoop, client: NIOLoopBound<RedisClient>, stores: NIOLoopBound<TestStores>,
        events: AsyncStream<RedisEvent>
    ) {
        self.eventLoop = eventLoop
        self.client = client
        self.stores = stores
        self.events = events
    }

    /// Runs `body` with a started client, and closes it whatever happens.
    static func with<Result>(
        port: Int,
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        configure: (inout RedisConfiguration) -> Void = { _ in },
        body: (LoopClient) async throws -> Result
    ) async throws -> Result {
        var configuration = RedisConfiguration(host: "127.0.0.1", port: port)
        // Long enough for a machine under load; a test of the deadline sets its own.
        configuration.commandDeadline = .seconds(30)
        configuration.connectTimeout = .seconds(30)
        configuration.initialBackoff = .milliseconds(1)
        configuration.maximumBackoff = .milliseconds(20)
        configure(&configuration)
        let (events, continuation) = AsyncStream.makeStream(of: RedisEvent.self)
        let (client, stores) = try await eventLoop.submit { [configuration] in
            let stores = TestStores()
            let client = RedisClient(configuration: configuration, eventLoop: eventLoop, stores: stores) {
                continuation.yield($0)
            }
            client.start()
            return (NIOLoopBound(client, eventLoop: eventLoop), NIOLoopBound(stores, eventLoop: eventLoop))
        }.get()
        let loopClient = LoopClient(eventLoop: eventLoop, client: client, stores: stores, events: events)
        do {
            let result = try await body(loopClient)
            try await loopClient.close()
            return result
        } catch {
            try await loopClient.close()
            throw error
        }
    }

    /// One look-up, flushed at once.
    func get(_ key: String, upTo byteCount: Int = 64) async -> RedisLookup {
        await get([key], upTo: byteCount)[0]
    }

    /// Look-ups that leave in one write; their results in the same order.
    ///
    /// They are awaited together: tests share few threads, and each wait is another turn in the queue for one.
    func get(_ keys: [String], upTo byteCount: Int = 64) async -> [RedisLookup] {
        let promises = keys.map { _ in eventLoop.makePromise(of: RedisLookup.self) }
        eventLoop.execute {
            for (key, promise) in zip(keys, promises) {
                self.getOnLoop(key, upTo: byteCount) { promise.succeed($0) }
            }
            self.client.value.flush()
        }
        let lookups = EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: eventLoop)
        return (try? await lookups.get()) ?? keys.map { _ in .failed(.closed) }
    }

    /// Looks up without waiting; only on the event loop.
    func getOnLoop(_ key: String, upTo byteCount: Int = 64, _ completion: @escaping (RedisLookup) -> Void) {
        let index = outcomeCounts.withLockedValue { times in
            times.append(0)
            return times.count - 1
        }
        let request = ClosureLookup(key) { lookup in
            let times = self.outcomeCounts.withLockedValue { times in
                times[index] += 1
                return times[index]
            }
            if times == 1 { completion(lookup) }
        }
        client.value.getRange(request, upTo: byteCount)
    }

    func flushOnLoop() {
        client.value.flush()
    }

    func set(_ key: String, _ value: String, expireSeconds: Int = 60) async throws {
        try await set([key: value], expireSeconds: expireSeconds)
    }

    /// Stores that leave in one write.
    func set(_ entries: [String: String], expireSeconds: Int = 60) async throws {
        try await eventLoop.submit {
            for (key, value) in entries {
                let number = self.stores.value.add(key, value, seconds: expireSeconds)
                var isSent = false
                self.stores.value.withStore(number) { key, value, seconds in
                    isSent = self.client.value.set(number, key: key, value: value, expireSeconds: seconds)
                }
                if !isSent { self.stores.value.settled(number, .notReady) }
            }
            self.client.value.flush()
        }.get()
    }

    /// How many stores have not been settled.
    func storesUnderWay() async throws -> Int { try await eventLoop.submit { self.stores.value.count }.get() }

    /// Waits for an event, and drops the ones before it.
    func event(where matches: (RedisEvent) -> Bool) async throws -> RedisEvent {
        try #require(await firstEvent(where: matches))
    }

    func waitUntilUp() async throws {
        _ = try await event { $0 == .up }
    }

    /// Waits for the end of the circuit, and returns its reason.
    func waitUntilDown() async throws -> RedisError {
        let event = try await event { if case .down = $0 { true } else { false } }
        guard case .down(let error) = event else { return .closed }
        return error
    }

    /// The next `count` events.
    func events(_ count: Int) async -> [RedisEvent] {
        var collected: [RedisEvent] = []
        _ = await firstEvent { event in
            collected.append(event)
            return collected.count == count
        }
        return collected
    }

    private func firstEvent(where matches: (RedisEvent) -> Bool) async -> RedisEvent? {
        for await event in events where matches(event) {
            return event
        }
        return nil
    }

    func closeOnLoop() -> EventLoopFuture<Void> {
        client.value.close()
    }

    func close() async throws {
        try await eventLoop.flatSubmit { self.client.value.close() }.get()
        #expect(await get("closed") == .failed(.closed))
        #expect(try await storesUnderWay() == 0, "each store is settled")
        #expect(outcomeCounts.withLockedValue { $0 }.allSatisfy { $0 == 1 }, "each look-up has exactly one outcome")
    }
}
