import NIOCore

/// One entry on its way to a cache.
struct StoreRequest: Sendable {
    let key: CacheKey
    let value: ByteBuffer
    /// Unix milliseconds; set by the embedded cache when its thread takes the entry.
    var expiresAt: Int64 = 0

    var byteCount: Int { key.byteCount + value.readableBytes }
    /// What it takes in memory while it waits, about.
    var queuedBytes: Int { byteCount + 256 }
}

/// The entries that are on their way to a cache, which does not find them yet, oldest first.
///
/// Of two requests that a client sends in one write, both are looked up before the first is scored. The second is told
/// that there is no entry, and finds here what the first has stored meanwhile.
final class StoresUnderWay {
    private(set) var requests = CircularBuffer<StoreRequest>()
    /// Where the newest entry of each key is, counted from the first that was ever appended.
    private var newest: [CacheKey: Int] = [:]
    private var removed = 0

    /// The newest entry of a key.
    subscript(key: CacheKey) -> StoreRequest? {
        guard !requests.isEmpty, let number = newest[key] else { return nil }
        return requests[offset: number - removed]
    }

    func append(_ request: StoreRequest) {
        newest[request.key] = removed + requests.count
        requests.append(request)
    }

    /// The oldest ones are in the cache or dropped.
    func removeFirst(_ count: Int = 1) {
        for request in requests.prefix(count) {
            if let index = newest.index(forKey: request.key), newest[index].value == removed {
                newest.remove(at: index)
            }
            removed += 1
        }
        requests.removeFirst(count)
    }

    /// What a look-up means: where the cache has no entry, one on its way there is found.
    func outcome(_ found: CacheLookup, for key: CacheKey) -> CacheLookup {
        guard case .missing = found, let request = self[key] else { return found }
        return .entry(request.value)
    }
}
