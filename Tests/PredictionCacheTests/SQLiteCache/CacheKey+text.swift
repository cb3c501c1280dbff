import Model

@testable import Server

extension CacheKey {
    /// A key that differs from others by this text.
    init(text: String) {
        var printed = PrintedBatch()
        printed.print(.sample)
        var scratch: [UInt8] = []
        self.init(prefix: text, queryKey: QueryKey(printed, scratch: &scratch))
    }
}
