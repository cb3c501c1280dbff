import Foundation
import Logging
import NIOCore
import NIOPosix
import SQLite
import Synchronization

@testable import PredictionCache

/// A real cache file in a folder of its own, with event loops, a clock to set, and what was logged and counted.
final class StoreFixture: Sendable {
    let folder: URL
    let clock = Guarded<Int64>(1_700_000_000_000)
    let lines = LogLines()
    private let status: SharedCacheStatus
    private let logger: Logger
    let gate = Gate()
    /// Shared and never shut down: the last reference to a fixture may be released on one of its loops.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)

    var path: String { folder.appendingPathComponent("cache.sqlite").path }
    var settings: SQLiteCacheSettings {
        var settings = SQLiteCacheSettings(path: path)
        // A busy machine must not turn an entry into a deadline.
        settings.lookUpDeadline = .minutes(10)
        return settings
    }

    /// Entries that were dropped instead of stored, by reason.
    var dropped: [CacheErrorReason: UInt64] { status.dropped }

    init() throws {
        logger = Logger(label: "test") { [lines] _ in CollectingLogHandler(lines: lines) }
        status = SharedCacheStatus(logger, quietInterval: .hours(1))
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func advance(milliseconds: Int64) {
        clock.withLock { $0 += milliseconds }
    }

    func open(_ settings: SQLiteCacheSettings? = nil) throws -> SQLitePredictionStore {
        // Not the fixture itself: a timer may hold the store for longer than the folder should exist.
        try SQLitePredictionStore(settings ?? self.settings, status, logger) { [gate, clock] in
            gate.pass()
            return clock.withLock { $0 }
        }
    }

    func handle(to store: SQLitePredictionStore) async throws -> Handle {
        let loop = Self.group.next()
        return try await loop.submit {
            Handle(cache: NIOLoopBound(SQLitePredictionCache(store, on: loop), eventLoop: loop), loop: loop)
        }.get()
    }

    func size(of suffix: String = "") -> Int { Int(stat(path: path + suffix)?.st_size ?? 0) }

    func names(containing part: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(part) }.sorted()
    }

    func count(of sql: String) throws -> Int {
        try SQLiteConnection(path: path, patience: 0).number(sql)
    }

    func reopened() async throws -> (SQLitePredictionStore, Handle) {
        let store = try open()
        return (store, try await handle(to: store))
    }
}

extension SQLitePredictionStore {
    /// Returns once everything submitted so far is written or dropped.
    func settle() async {
        while status.queuedStoreBytes.load(ordering: .relaxed) > 0 { try? await Task.sleep(for: .microseconds(200)) }
    }

    /// Writes what is queued and returns when the file is closed.
    func close() async {
        beginClosing()
        try? await ended.get()
    }
}

/// A handle and its event loop, so that a test can use it from a task.
struct Handle: Sendable {
    let cache: NIOLoopBound<SQLitePredictionCache>
    let loop: any EventLoop

    func lookUp(_ key: String, maximumBytes: Int = 1 << 20) async throws -> CacheLookup {
        try await loop.flatSubmit {
            let promise = loop.makePromise(of: CacheLookup.self)
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

/// Blocks the store's thread when it asks for the time.
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

    /// Returns once the thread waits at the gate.
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

struct CollectingLogHandler: LogHandler {
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
