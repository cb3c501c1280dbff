import Testing

@testable import PredictionCache

/// The words of a look-up's result.
@Suite struct CacheResultTests {
    @Test("each result has its header, its label and its index")
    func words() {
        let words = CacheResult.allCases.map { "\($0.rawValue) \($0.words.header) \($0.words.label)" }
        #expect(words == ["0 HIT hit", "1 MISS miss", "2 BYPASS bypass"])
    }
}
