import Bytes
import Model
import NIOCore

/// The body of a 200, written as the call goes on: `{"query_key":"…","inputs":[…],"prediction":[…]}`, or in the Open
/// Inference Protocol's form.
///
/// Its call keeps it, where it is written on in place: a value that waits in a closure would be copied with all its
/// bytes.
struct PredictAnswer {
    private(set) var body = ByteBuffer()
    /// What stands behind the predictions.
    private let end: StaticString

    /// Begins nothing: the answer of a call of which nothing is known yet.
    init() { end = "" }

    /// Begins the answer of `POST /predict` with what is known before the look-up, with room for all of it.
    ///
    /// - Parameter predictions: how many there will be.
    init(_ key: QueryKey, _ inputs: RenderedBatch, predictions: Int) {
        let inputBytes = inputs.byteCount(.json)
        let predictionBytes = Self.maximumBytes(predictions: predictions)
        end = "}"
        body = ByteBufferAllocator().buffer(capacity: Self.frameBytes + inputBytes + predictionBytes)
        body.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.frameBytes + inputBytes) { room in
            var output = ByteWriter(room)
            output.put("{\"query_key\":\"")
            withUnsafeBytes(of: key.hex) { output.put($0) }
            output.put("\",\"inputs\":")
            output.put(atMost: inputBytes) { place in
                inputs.write(.json, to: place)
                return inputBytes
            }
            output.put(",\"prediction\":")
            return output.count
        }
    }

    /// Begins the answer to an inference request, with room for all of it.
    ///
    /// - Parameters:
    ///   - id: the caller's, a JSON string with its quotes; it is echoed.
    ///   - predictions: how many there will be.
    init(_ key: QueryKey, modelVersion: String, id: ByteBuffer?, predictions: Int) {
        let idBytes = id?.readableBytes ?? 0
        let predictionBytes = Self.maximumBytes(predictions: predictions)
        end = "}]}"
        body = ByteBufferAllocator().buffer(capacity: Self.inferenceFrameBytes + idBytes + predictionBytes)
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
    }

    /// Ends the answer.
    ///
    /// - Returns: the predictions' JSON text, which is also the cache's entry.
    mutating func finish(_ predictions: [Double]) -> ByteBuffer {
        let start = body.writerIndex
        let roomNeeded = Self.maximumBytes(predictions: predictions.count) + end.utf8CodeUnitCount
        body.writeWithUnsafeMutableBytes(minimumWritableBytes: roomNeeded) { room in
            var output = ByteWriter(room)
            var separator = UInt8(ascii: "[")
            for prediction in predictions {
                output.put(separator)
                output.put(atMost: PythonFloat.maximumLength) { place in
                    PythonFloat.write(prediction, to: place.assumingMemoryBound(to: UInt8.self))
                }
                separator = UInt8(ascii: ",")
            }
            output.put("]")
            output.put(end)
            return output.count
        }
        return body.getSlice(at: start, length: body.writerIndex - start - end.utf8CodeUnitCount) ?? ByteBuffer()
    }

    /// No predictions' text is longer: brackets, numbers, commas.
    static func maximumBytes(predictions: Int) -> Int { predictions * (PythonFloat.maximumLength + 1) + 1 }

    /// More than everything around inputs and predictions.
    private static let frameBytes = 96
    private static let inferenceFrameBytes = 256
}
