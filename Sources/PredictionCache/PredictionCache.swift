import Bytes
import Model
import NIOCore
import ScoringLog

/// One event loop's door to the cache of predictions.
///
/// A cache fault is an answer, never a throw: it changes latency, and no caller can turn it into an error status by
/// accident. Everything happens on the event loop.
protocol PredictionCache: AnyObject {
    /// Looks for an entry.
    ///
    /// - Parameters:
    ///   - maximumBytes: more than the entry can have if it is usable; a longer one may come back cut to one byte more.
    ///   - completion: called exactly once, now or later.
    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheAnswer) -> Void)

    /// Sends an entry on its way; nobody waits for it.
    func store(_ value: ByteBuffer, for key: CacheKey)

    /// Hands over everything that this tick asked for; called once at the end of the event loop's tick.
    func flush()

    /// Ends the cache's own connections and threads.
    func close() -> EventLoopFuture<Void>
}

/// What a cache said of one key; it speaks of the look-up only.
enum CacheAnswer {
    /// The entry's bytes.
    case entry(ByteBuffer)
    /// The cache answered and had no entry.
    case none
    /// No look-up was answered; the fault is nil where none was tried.
    case unavailable(CacheFault?)
}

/// Why a cache did not do what was asked.
enum CacheFault: String, CaseIterable, Sendable {
    case connect, auth, deadline, `protocol`, store
    case errorReply = "error_reply"
    case badValue = "bad_value"
    case queueFull = "queue_full"
}

/// What `X-Cache` says of a call: the cache's entry answered; it had none, or an unusable one; no look-up was answered.
typealias CacheResult = ScoringLogRecord.CacheResult

extension CacheResult {
    /// The header's value.
    var header: StaticString {
        switch self {
        case .hit: "HIT"
        case .miss: "MISS"
        case .bypass: "BYPASS"
        }
    }
}

/// The name of one entry: `bungalow:<namespace>:<model version>:<query_key>`.
struct CacheKey: Hashable, Sendable {
    /// Everything before the query key; the same for all calls of a model.
    let prefix: String
    let queryKey: QueryKey

    /// The key's length in bytes.
    var byteCount: Int { prefix.utf8.count + QueryKey.byteCount }

    /// The prefix of all keys of one namespace and model.
    static func prefix(namespace: String, modelVersion: String) -> String {
        "bungalow:\(namespace):\(modelVersion):"
    }

    /// Calls back with the key's bytes, which are not kept.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) { bytes in
            var output = ByteWriter(bytes)
            output.put(prefix)
            withUnsafeBytes(of: queryKey.hex) { output.put($0) }
            return try body(UnsafeRawBufferPointer(bytes))
        }
    }
}

/// The cache of `CACHE_URL=off`: it answers nothing, at once.
final class NoCache: PredictionCache {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheAnswer) -> Void) {
        completion(.unavailable(nil))
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {}

    func flush() {}

    func close() -> EventLoopFuture<Void> { eventLoop.makeSucceededVoidFuture() }
}
