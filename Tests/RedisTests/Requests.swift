@testable import Redis

/// A look-up that calls back.
final class ClosureLookup: RedisLookupRequest {
    private let key: [UInt8]
    private let completion: (RedisLookup) -> Void

    init(_ key: String, _ completion: @escaping (RedisLookup) -> Void) {
        self.key = Array(key.utf8)
        self.completion = completion
    }

    func withKey(_ body: (UnsafeRawBufferPointer) -> Void) { key.withUnsafeBytes(body) }

    func finish(_ lookup: RedisLookup) { completion(lookup) }
}

/// Stores that are under way, each counted when it ends.
final class TestStores: RedisStores {
    private var entries: [Int: (key: [UInt8], value: [UInt8], seconds: Int)] = [:]
    private var added = 0

    /// How many are under way.
    var count: Int { entries.count }

    func add(_ key: String, _ value: String, seconds: Int) -> Int {
        added += 1
        entries[added] = (Array(key.utf8), Array(value.utf8), seconds)
        return added
    }

    func withStore(_ number: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Int) -> Void) {
        guard let entry = entries[number] else { return }
        entry.key.withUnsafeBytes { key in entry.value.withUnsafeBytes { body(key, $0, entry.seconds) } }
    }

    /// A store that is settled twice is a programmer's error.
    func settled(_ number: Int, _ error: RedisError?) { precondition(entries.removeValue(forKey: number) != nil) }
}
