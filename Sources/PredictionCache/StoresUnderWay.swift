import NIOCore

/// What one event loop has asked a cache to store and what look-ups may not find there yet, oldest first.
///
/// Of two requests that a client sends in one write, both are looked up before the first is scored. The second is told
/// that there is no entry, and finds here what the first has stored meanwhile.
final class StoresUnderWay {
    /// nil for a key that is settled before an older one.
    private var keys = CircularBuffer<CacheKey?>()
    /// The number of the first of `keys`; each store has the number after the one before it.
    private var firstNumber = 0
    /// The newest value of each key, and how many stores of the key are under way.
    private var entries: [CacheKey: (value: ByteBuffer, stores: Int)] = [:]

    var count: Int { keys.count }

    /// Returns the store's number.
    @discardableResult
    func append(_ value: ByteBuffer, for key: CacheKey) -> Int {
        keys.append(key)
        entries[key] = (value, (entries[key]?.stores ?? 0) + 1)
        return firstNumber + keys.count - 1
    }

    /// The oldest ones are in the cache or dropped.
    func removeFirst(_ count: Int = 1) {
        for number in firstNumber..<(firstNumber + count) { remove(number) }
    }

    /// The store of this number is in the cache or dropped.
    func remove(_ number: Int) {
        let position = number - firstNumber
        guard position >= 0, position < keys.count else { return }
        let index = keys.index(keys.startIndex, offsetBy: position)
        guard let key = keys[index] else { return }
        keys[index] = nil
        if let stores = entries[key]?.stores, stores > 1 {
            entries[key]?.stores = stores - 1
        } else {
            entries[key] = nil
        }
        while let first = keys.first, first == nil {
            keys.removeFirst()
            firstNumber += 1
        }
    }

    /// The key of a store under way and the newest value for it; nil if none has this number.
    func store(_ number: Int) -> (key: CacheKey, value: ByteBuffer)? {
        let position = number - firstNumber
        guard position >= 0, position < keys.count, let key = keys[keys.index(keys.startIndex, offsetBy: position)],
            let entry = entries[key]
        else { return nil }
        return (key, entry.value)
    }

    /// What a look-up means: where the cache has no entry, one on its way there is found.
    func outcome(_ found: CacheLookup, for key: CacheKey) -> CacheLookup {
        guard case .missing = found, !keys.isEmpty, let entry = entries[key] else { return found }
        return .entry(entry.value)
    }
}
