import Bytes
package import Model
package import NIOCore

/// One event loop's handle to the cache of predictions.
///
/// A cache error is a result and is never thrown: it changes latency, and no caller can turn it into an error status by
/// accident. Everything happens on the event loop.
package protocol PredictionCache: AnyObject {
    /// Looks for an entry. It also finds one that this event loop has stored meanwhile and that is still on its way.
    ///
    /// - Parameters:
    ///   - maximumBytes: more than a usable entry can have; a longer one may be returned cut to one byte more than
    ///     this.
    ///   - completion: called exactly once, now or later.
    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void)

    /// Sends an entry to the cache; the outcome is not awaited.
    func store(_ value: ByteBuffer, for key: CacheKey)

    /// Sends everything that this tick asked for; called once, at the end of the event loop's tick.
    func flush()

    /// Closes the cache's own connections and threads.
    func close() -> EventLoopFuture<Void>
}

/// The outcome of one look-up.
package enum CacheLookup {
    /// The entry's bytes.
    case entry(ByteBuffer)
    /// The cache responded and had no entry.
    case missing
    /// The cache did not respond; the reason is nil if it was not asked.
    case unavailable(CacheErrorReason?)
}

/// Why a cache did not do what it was asked to: the label `reason` of `bungalow_cache_errors_total`.
package enum CacheErrorReason: String, CaseIterable, Sendable {
    case connect, auth, deadline, `protocol`, store
    case errorReply = "error_reply"
    case badValue = "bad_value"
    case queueFull = "queue_full"
}

/// What the look-up means for a request; the raw value is an index for counters.
package enum CacheResult: Int, CaseIterable, Sendable {
    /// The cache had an entry, which is the response.
    case hit
    /// The cache responded and had no entry, or an unusable one.
    case miss
    /// The cache did not respond.
    case bypass

    /// The value of `X-Cache`, and the word that metrics' labels and the scoring log use.
    package var words: (header: StaticString, label: StaticString) {
        switch self {
        case .hit: ("HIT", "hit")
        case .miss: ("MISS", "miss")
        case .bypass: ("BYPASS", "bypass")
        }
    }
}

/// What a cache reports while it works; called on the handle's event loop.
package protocol CacheObserver: AnyObject {
    /// The cache did not do what it was asked to.
    func cacheFailed(_ reason: CacheErrorReason)

    /// The cache has become available or unavailable; never called if the cache is switched off.
    func cacheChanged(isUp: Bool)
}

/// The name of an entry: `bungalow:<namespace>:<model version>:<query_key>`.
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

    /// Calls the closure with the key's bytes, which it must not keep.
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
