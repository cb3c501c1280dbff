import Model
import NIOCore

extension PredictResponse {
    /// Begins the response in the form that the request asks for.
    init(to request: ScoringRequest, _ key: QueryKey, _ inputs: RenderedBatch) {
        let count = request.batch.records.count
        if request.route.speaksOpenInference {
            self.init(key, modelVersion: request.model.version, id: request.inferenceID, predictions: count)
        } else {
            self.init(key, inputs, predictions: count)
        }
    }

    /// Begins the response to an inference request, with room for all of it.
    ///
    /// - Parameters:
    ///   - id: the caller's, a JSON string with its quotes; it is echoed.
    ///   - predictions: how many there will be.
    init(_ key: QueryKey, modelVersion: String, id: ByteBuffer?, predictions: Int) {
        let idBytes = id?.readableBytes ?? 0
        let predictionBytes = Self.maximumBytes(predictions: predictions)
        var body = ByteBufferAllocator().buffer(capacity: Self.inferenceFrameBytes + idBytes + predictionBytes)
        body.writeStaticString("{\"model_name\":\"housing\",\"model_version\":\"")
        body.writeString(modelVersion)
        if let id {
            body.writeStaticString("\",\"id\":")
            body.writeImmutableBuffer(id)
        } else {
            body.writeStaticString("\"")
        }
        body.writeStaticString(",\"parameters\":{\"query_key\":\"")
        withUnsafeBytes(of: key.hex) { _ = body.writeBytes($0) }
        body.writeStaticString("\"},\"outputs\":[{\"name\":\"predict\",\"shape\":[")
        body.writeString(String(predictions))
        body.writeStaticString(",1],\"datatype\":\"FP64\",\"data\":")
        self.init(body, end: "}]}")
    }

    /// More than everything around the predictions, without the caller's id.
    private static let inferenceFrameBytes = 256
}
