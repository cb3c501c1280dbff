import Model
import NIOCore

/// The body of a 200, written as the call goes on: `{"query_key":"…","inputs":[…],"prediction":[…]}`.
struct PredictAnswer {
    private(set) var body: ByteBuffer

    /// Begins the answer with what is known before the look-up.
    init(_ key: QueryKey, _ inputs: PrintedBatch) {
        let inputBytes = inputs.byteCount(.json)
        body = ByteBufferAllocator().buffer(capacity: inputBytes + Self.usualBytes)
        body.writeStaticString("{\"query_key\":\"")
        _ = withUnsafeBytes(of: key.hex) { body.writeBytes($0) }
        body.writeStaticString("\",\"inputs\":")
        body.writeWithUnsafeMutableBytes(minimumWritableBytes: inputBytes) { room in
            guard let start = room.baseAddress else { return 0 }
            inputs.write(.json, to: start)
            return inputBytes
        }
        body.writeStaticString(",\"prediction\":")
    }

    /// Ends the answer.
    ///
    /// - Returns: the predictions' JSON text, which is also the cache's entry.
    mutating func finish(_ predictions: [Double]) -> ByteBuffer {
        let start = body.writerIndex
        body.reserveCapacity(minimumWritableBytes: Self.maximumBytes(predictions: predictions.count) + 1)
        var separator = UInt8(ascii: "[")
        for prediction in predictions {
            body.writeInteger(separator)
            body.writeWithUnsafeMutableBytes(minimumWritableBytes: PythonFloat.maximumLength) { room in
                room.bindMemory(to: UInt8.self).baseAddress.map { PythonFloat.write(prediction, to: $0) } ?? 0
            }
            separator = UInt8(ascii: ",")
        }
        body.writeStaticString("]")
        let entry = body.getSlice(at: start, length: body.writerIndex - start) ?? ByteBuffer()
        body.writeStaticString("}")
        return entry
    }

    /// No predictions' text is longer: brackets, numbers, commas.
    static func maximumBytes(predictions: Int) -> Int { predictions * (PythonFloat.maximumLength + 1) + 1 }

    /// The frame and a few predictions.
    private static let usualBytes = 160
}
