import Model
import NIOCore

@testable import Server

extension BatchReader {
    /// Reads a body whose numbers are not needed as text.
    func read(_ body: ByteBuffer, for model: LinearModel) -> Result<HousingBatch, ValidationErrorBody> {
        var printed = RenderedBatch()
        return read(body, for: model, into: &printed)
    }
}
