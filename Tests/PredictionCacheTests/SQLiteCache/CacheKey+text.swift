@testable import Model
@testable import PredictionCache

extension CacheKey {
    /// A key that this text makes different from others.
    init(text: String) {
        // FNV-1a, so that query keys differ too.
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var printed = RenderedBatch()
        printed.render(HousingBatch(records: [HousingRecord(repeating: Double(hash >> 12))]))
        var scratch: [UInt8] = []
        self.init(prefix: text, queryKey: QueryKey(printed, scratch: &scratch))
    }
}
