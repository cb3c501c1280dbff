import NIOCore
import Testing

@testable import PredictionCache

/// Entries on their way to a cache, which an older look-up missed there.
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

    @Test("what the cache has found or could not look up stays as it is")
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
}
