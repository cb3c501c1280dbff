import Bytes
package import Model
package import NIOCore

/// One event loop's handle to the cache of predictions.
///
/// A cache error is a result, never a throw: it changes latency, and no caller can turn it into an error status by
/// accident. Everything happens on the event loop.
package protocol PredictionCache: AnyObject {
    /// Looks for an entry, also one that this event loop has stored meanwhile and that is on its way.
    ///
    /// - Parameters:
    ///   - maximumBytes: more than the entry can have if it is usable; a longer one may come back cut to one byte more.
    ///   - completion: called exactly once, now or later.
    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void)

    /// Sends an entry on its way; its outcome is not awaited.
    func store(_ value: ByteBuffer, for key: CacheKey)

    /// Hands over everything that this tick asked for; called once at the end of the event loop's tick.
    func flush()

    /// Ends the cache's own connections and threads.
    func close() -> EventLoopFuture<Void>
}

/// The outcome of one look-up.
package enum CacheLookup {
    /// The entry's bytes.
    case entry(ByteBuffer)
    /// The cache responded and had no entry.
    case missing
    /// The cache did not respond; the reason is nil where it was not asked.
    case unavailable(CacheErrorReason?)
}

/// Why a cache did not do what was asked: the label `reason` of `bungalow_cache_errors_total`.
package enum CacheErrorReason: String, CaseIterable, Sendable {
    case connect, auth, deadline, `protocol`, store
    case errorReply = "error_reply"
    case badValue = "bad_value"
    case queueFull = "queue_full"
}

/// What the look-up means for a request; the raw value is an index for counters.
package enum CacheResult: Int, CaseIterable, Sendable {
    /// The cache's entry is the response.
    case hit
    /// The cache responded and had no entry, or an unusable one.
    case miss
    /// The cache did not respond.
    case bypass

    /// The value of `X-Cache`, and the word of the metrics' labels and of the scoring log.
    package var words: (header: StaticString, label: StaticString) {
        switch self {
        case .hit: ("HIT", "hit")
        case .miss: ("MISS", "miss")
        case .bypass: ("BYPASS", "bypass")
        }
    }
}

/// What a cache reports while it works; called on the event loop of the handle.
package protocol CacheObserver: AnyObject {
    /// The cache did not do what was asked.
    func cacheFailed(_ reason: CacheErrorReason)

    /// The cache can be used from now on, or cannot; never called where there is none by choice.
    func cacheChanged(isUp: Bool)
}

/// The name of one entry: `bungalow:<namespace>:<model version>:<query_key>`.
package struct CacheKey: Hashable, Sendable {
    /// Everything before the query key; the same for all requests of a model.
    package let prefix: String
    package let queryKey: QueryKey

    package init(prefix: String, queryKey: QueryKey) {
        self.prefix = prefix
        self.queryKey = queryKey
    }

    /// The prefix of all keys of one namespace and model.
    package static func prefix(namespace: String, modelVersion: String) -> String {
        "bungalow:\(namespace):\(modelVersion):"
    }

    /// An eighth of the md5 is enough for a table in memory, and is hashed in one step.
    package func hash(into hasher: inout Hasher) {
        withUnsafeBytes(of: queryKey.hex) { hasher.combine($0.loadUnaligned(as: UInt64.self)) }
    }

    /// The key's length in bytes.
    package var byteCount: Int { prefix.utf8.count + QueryKey.byteCount }

    /// Calls back with the key's bytes, which are not kept.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) { bytes in
            var output = ByteWriter(bytes)
            output.put(text: prefix)
            withUnsafeBytes(of: queryKey.hex) { output.put($0) }
            return try body(UnsafeRawBufferPointer(bytes))
        }
    }
}

/// The cache of `CACHE_URL=off`.
final class NoCache: PredictionCache {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void) {
        completion(.unavailable(nil))
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {}

    func flush() {}

    func close() -> EventLoopFuture<Void> { eventLoop.makeSucceededVoidFuture() }
}
