import NIOCore

/// One entry on its way to a cache.
struct StoreRequest: Sendable {
    let key: CacheKey
    let value: ByteBuffer
    /// Unix milliseconds; set by the embedded cache when its thread takes the entry.
    var expiresAt: Int64 = 0

    var byteCount: Int { key.byteCount + value.readableBytes }
    /// The memory that it takes while it waits, approximately.
    var queuedBytes: Int { byteCount + 256 }
}

/// The entries that are on their way to a cache, which cannot find them yet, oldest first.
///
/// When a client sends two requests in one write, both are looked up before the first is scored. The look-up of the
/// second finds no entry in the cache, and finds here the one that the first has stored meanwhile.
final class StoresUnderWay {
    private(set) var requests = CircularBuffer<StoreRequest>()
    /// The position of each key's newest entry, counted from the first entry that was ever appended.
    private var newest: [CacheKey: Int] = [:]
    private var removed = 0
    /// The numbers of entries that were removed while an older one was still under way.
    private var settled: Set<Int> = []

    /// The newest entry of a key.
    subscript(key: CacheKey) -> StoreRequest? {
        guard !requests.isEmpty, let number = newest[key] else { return nil }
        return requests[offset: number - removed]
    }

    /// Returns the entry's number; numbers are consecutive.
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

    /// The oldest entries are in the cache or dropped.
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

    /// What a look-up means: an entry on its way counts when the cache has none.
    func outcome(_ found: CacheLookup, for key: CacheKey) -> CacheLookup {
        guard case .missing = found, let request = self[key] else { return found }
        return .entry(request.value)
    }
}
