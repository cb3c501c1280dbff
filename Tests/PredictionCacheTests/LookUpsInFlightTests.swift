import NIOCore
import Testing

@testable import PredictionCache

/// Look-ups of one key that overlap.
@Suite struct LookUpsInFlightTests {
    private let lookUps = LookUpsInFlight()
    private let key = CacheKey(text: "key")

    private func text(_ lookUp: CacheLookup) -> String {
        if case .entry(let bytes) = lookUp { String(buffer: bytes) } else { "\(lookUp)" }
    }

    @Test("only the first look-up of a key is sent, and all share its outcome")
    func shared() {
        var outcomes: [String] = []
        #expect(lookUps.begin(key) { outcomes.append("first \(text($0))") })
        for _ in 0..<3 { #expect(!lookUps.begin(key) { outcomes.append(text($0)) }) }
        #expect(lookUps.begin(CacheKey(text: "other")) { _ in outcomes.append("never") })
        lookUps.end(key, with: .entry(ByteBuffer(string: "[1.0]")))
        #expect(outcomes == ["first [1.0]", "[1.0]", "[1.0]", "[1.0]"])
        lookUps.end(key, with: .missing)
        #expect(outcomes.count == 4)
        #expect(lookUps.begin(key) { _ in })
    }

    @Test("what the first stores in its completion is found by the others")
    func storedInCompletion() {
        var outcomes: [String] = []
        _ = lookUps.begin(key) { found in
            outcomes.append(text(found))
            lookUps.stored(ByteBuffer(string: "[2.0]"), for: key)
            // One that joins now finds it as well.
            #expect(!lookUps.begin(key) { outcomes.append(text($0)) })
        }
        _ = lookUps.begin(key) { outcomes.append(text($0)) }
        lookUps.end(key, with: .missing)
        #expect(outcomes == ["missing", "[2.0]", "[2.0]"])
    }

    @Test("what is stored while a look-up is under way is found by it")
    func storedMeanwhile() {
        var outcomes: [String] = []
        _ = lookUps.begin(key) { outcomes.append(text($0)) }
        lookUps.stored(ByteBuffer(string: "[3.0]"), for: CacheKey(text: "other"))
        lookUps.stored(ByteBuffer(string: "[4.0]"), for: key)
        lookUps.end(key, with: .missing)
        #expect(outcomes == ["[4.0]"])
    }

    @Test("a look-up without a response stays one, whatever was stored")
    func unavailable() {
        var outcomes: [String] = []
        for _ in 0..<2 {
            _ = lookUps.begin(key) { found in
                outcomes.append(text(found))
                lookUps.stored(ByteBuffer(string: "[5.0]"), for: key)
            }
        }
        lookUps.end(key, with: .unavailable(.deadline))
        #expect(outcomes == Array(repeating: text(.unavailable(.deadline)), count: 2))
    }
}
