import NIOCore

/// What one event loop has asked a cache to store and what look-ups may not find there yet, oldest first.
///
/// Of two requests that a client sends in one write, both are looked up before the first is scored. The second is told
/// that there is no entry, and finds here what the first has stored meanwhile.
final class StoresUnderWay {
    private var keys = CircularBuffer<CacheKey>()
    /// The newest value of each key, and how many stores of the key are under way.
    private var entries: [CacheKey: (value: ByteBuffer, stores: Int)] = [:]

    var count: Int { keys.count }

    func append(_ value: ByteBuffer, for key: CacheKey) {
        keys.append(key)
        entries[key] = (value, (entries[key]?.stores ?? 0) + 1)
    }

    /// The oldest ones are in the cache or dropped.
    func removeFirst(_ count: Int = 1) {
        for key in keys.prefix(count) {
            guard let stores = entries[key]?.stores, stores > 1 else {
                entries[key] = nil
                continue
            }
            entries[key]?.stores = stores - 1
        }
        keys.removeFirst(count)
    }

    /// What a look-up means: where the cache has no entry, one on its way there is found.
    func outcome(_ found: CacheLookup, for key: CacheKey) -> CacheLookup {
        guard case .missing = found, !keys.isEmpty, let entry = entries[key] else { return found }
        return .entry(entry.value)
    }
}
