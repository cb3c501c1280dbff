import Foundation
import GRDB
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import Server

/// A real cache file in a folder of its own, with event loops, a clock to set, and what was logged and counted.
final class StoreFixture: Sendable {
    let folder: URL
    let clock = Guarded<Int64>(1_700_000_000_000)
    let lines = LogLines()
    let faults = Guarded<[CacheFault]>([])
    let gate = Gate()
    /// Shared and never shut down: the last reference to a fixture may be let go on one of its loops.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)

    var path: String { folder.appendingPathComponent("cache.sqlite").path }
    var configuration: SQLitePredictionStoreConfiguration {
        var configuration = SQLitePredictionStoreConfiguration(path: path)
        // A busy machine must not turn an answer into a deadline.
        configuration.lookUpDeadline = .minutes(10)
        configuration.replacementInterval = .zero
        configuration.quietInterval = .hours(1)
        return configuration
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func advance(milliseconds: Int64) {
        clock.withLock { $0 += milliseconds }
    }

    func open(_ configuration: SQLitePredictionStoreConfiguration? = nil) throws -> SQLitePredictionStore {
        try SQLitePredictionStore(
            configuration: configuration ?? self.configuration,
            logger: Logger(label: "test") { [lines] _ in CollectingLogHandler(lines: lines) },
            // Not the fixture itself: a timer may hold the store for longer than the folder should lie about.
            now: { [gate, clock] in
                gate.pass()
                return clock.withLock { $0 }
            },
            onFault: { [faults] fault in faults.withLock { $0.append(fault) } })
    }

    func door(to store: SQLitePredictionStore) async throws -> Door {
        let loop = Self.group.next()
        return try await loop.submit {
            Door(cache: NIOLoopBound(store.makeCache(on: loop), eventLoop: loop), loop: loop)
        }.get()
    }

    func size(of suffix: String = "") -> Int { FileIdentity.size(of: path + suffix) }

    func names(containing part: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(part) }.sorted()
    }

    func count(of sql: String) throws -> Int {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    func reopened() async throws -> (SQLitePredictionStore, Door) {
        let store = try open()
        return (store, try await door(to: store))
    }
}

/// A door and its event loop, so that a test can use it from a task.
struct Door: Sendable {
    let cache: NIOLoopBound<SQLitePredictionCache>
    let loop: any EventLoop

    func lookUp(_ key: String, maximumBytes: Int = 1 << 20) async throws -> CacheAnswer {
        try await loop.flatSubmit {
            let promise = loop.makePromise(of: CacheAnswer.self)
            cache.value.lookUp(CacheKey(text: key), maximumBytes: maximumBytes) { promise.succeed($0) }
            cache.value.flush()
            return promise.futureResult
        }.get()
    }

    func text(_ key: String) async throws -> String? {
        guard case .entry(let bytes) = try await lookUp(key) else { return nil }
        return String(buffer: bytes)
    }

    func store(_ value: ByteBuffer, for key: String) async throws {
        try await loop.submit {
            cache.value.store(value, for: CacheKey(text: key))
            cache.value.flush()
        }.get()
    }

    func store(_ value: String, for key: String) async throws {
        try await store(ByteBuffer(string: value), for: key)
    }

    func close() async throws {
        try await loop.flatSubmit { cache.value.close() }.get()
    }
}

/// A value that the test and the store's thread share.
final class Guarded<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { value in
            var copy = value
            defer { value = copy }
            return body(&copy)
        }
    }
}

/// Holds up the store's thread where it asks for the time.
final class Gate: Sendable {
    private let isShut = Mutex(false)
    private let arrivals = DispatchSemaphore(value: 0)
    private let opening = DispatchSemaphore(value: 0)

    func shut() { isShut.withLock { $0 = true } }

    func open() {
        isShut.withLock { $0 = false }
        opening.signal()
    }

    func pass() {
        guard isShut.withLock({ $0 }) else { return }
        arrivals.signal()
        opening.wait()
    }

    /// Returns once the thread stands at the gate.
    func waitForArrival() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.arrivals.wait()
                continuation.resume()
            }
        }
    }
}

/// What was logged, line by line.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct CollectingLogHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.append("\(event.level): \(event.message)")
    }
}
