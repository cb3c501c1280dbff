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
    /// The numbers of those that were removed before an older one, of which the oldest is not among them.
    private var settled: Set<Int> = []

    /// The newest entry of a key.
    subscript(key: CacheKey) -> StoreRequest? {
        guard !requests.isEmpty, let number = newest[key] else { return nil }
        return requests[offset: number - removed]
    }

    /// Returns the entry's number: each has the one after that of the entry before it.
    @discardableResult
    func append(_ request: StoreRequest) -> Int {
        let number = removed + requests.count
        newest[request.key] = number
        requests.append(request)
        return number
    }

    /// The entry of this number; nil if it is not under way.
    func request(_ number: Int) -> StoreRequest? {
        guard number >= removed, number < removed + requests.count, !settled.contains(number) else { return nil }
        return requests[offset: number - removed]
    }

    /// The oldest ones are in the cache or dropped.
    func removeFirst(_ count: Int = 1) {
        for _ in 0..<count { remove(removed) }
    }

    /// The entry of this number is in the cache or dropped, perhaps before an older one.
    func remove(_ number: Int) {
        guard let request = request(number) else { return }
        if let index = newest.index(forKey: request.key), newest[index].value == number { newest.remove(at: index) }
        guard number == removed else {
            settled.insert(number)
            return
        }
        repeat {
            requests.removeFirst()
            removed += 1
        } while settled.remove(removed) != nil
    }

    /// What a look-up means: where the cache has no entry, one on its way there is found.
    func outcome(_ found: CacheLookup, for key: CacheKey) -> CacheLookup {
        guard case .missing = found, let request = self[key] else { return found }
        return .entry(request.value)
    }
}
