import NIOCore
import Testing

@testable import PredictionCache

/// Entries on their way to a cache, where an older look-up missed them.
@Suite struct StoresUnderWayTests {
    private let stores = StoresUnderWay()
    private let key = CacheKey(text: "key")

    private func append(_ value: String, for key: CacheKey) {
        stores.append(StoreRequest(key: key, value: ByteBuffer(string: value)))
    }

    private func text(_ found: CacheLookup, _ key: CacheKey) -> String {
        let outcome = stores.outcome(found, for: key)
        if case .entry(let bytes) = outcome { return String(buffer: bytes) }
        return "\(outcome)"
    }

    @Test("a missing entry is found while its store is under way, and only then")
    func found() {
        #expect(text(.missing, key) == "missing")
        append("[1.0]", for: key)
        #expect(text(.missing, key) == "[1.0]")
        #expect(text(.missing, CacheKey(text: "other")) == "missing")
        stores.removeFirst()
        #expect(text(.missing, key) == "missing")
        #expect(stores.requests.isEmpty)
    }

    @Test("what the cache has found or could not look up stays unchanged")
    func untouched() {
        append("[1.0]", for: key)
        #expect(text(.entry(ByteBuffer(string: "[2.0]")), key) == "[2.0]")
        #expect(text(.unavailable(.deadline), key) == "\(CacheLookup.unavailable(.deadline))")
    }

    @Test("of two stores of one key the newer value is found, until both are settled")
    func twice() {
        for value in ["[1.0]", "[2.0]"] { append(value, for: key) }
        append("[3.0]", for: CacheKey(text: "other"))
        stores.removeFirst()
        #expect(text(.missing, key) == "[2.0]")
        stores.removeFirst()
        #expect(text(.missing, key) == "missing")
        #expect(text(.missing, CacheKey(text: "other")) == "[3.0]")
    }

    @Test("stores are settled in any order, as the nodes of a cluster reply, and each is found until then")
    func anyOrder() {
        let numbers = ["a", "b", "c"].map { name in
            stores.append(StoreRequest(key: CacheKey(text: name), value: ByteBuffer(string: name)))
        }
        stores.remove(numbers[1])
        #expect(text(.missing, CacheKey(text: "b")) == "missing" && stores.request(numbers[1]) == nil)
        #expect(
            text(.missing, CacheKey(text: "a")) == "a" && stores.request(numbers[2])?.value == ByteBuffer(string: "c"))
        stores.remove(numbers[1])
        stores.remove(numbers[0])
        #expect(stores.requests.count == 1, "a settled store is released once all older ones are")
        stores.remove(numbers[2])
        #expect(stores.requests.isEmpty && stores.request(numbers[2]) == nil)
        let next = stores.append(StoreRequest(key: key, value: ByteBuffer(string: "d")))
        #expect(next == numbers[2] + 1 && text(.missing, key) == "d")
    }
}
