import Bytes
import Model
import NIOCore

/// The body of a 200, written while the request is worked on: `{"query_key":"…","inputs":[…],"prediction":[…]}`, or in
/// the Open Inference Protocol's form.
///
/// Its request owns it and has it extended in place: a value captured by a closure would be copied with all its bytes.
struct PredictResponse {
    /// One prediction for each record.
    enum Predictions {
        case numbers([Double])
        /// As `finish` has printed them before.
        case text(ByteBuffer)
    }

    private(set) var body: ByteBuffer
    /// What follows the predictions.
    private let end: StaticString

    /// The empty response of a request that was not read yet.
    init() { self.init(ByteBuffer(), end: "") }

    /// A response that was begun elsewhere.
    ///
    /// - Parameters:
    ///   - body: everything before the predictions, with room for them.
    ///   - end: what follows the predictions.
    init(_ body: ByteBuffer, end: StaticString) {
        self.body = body
        self.end = end
    }

    /// Begins the response to `POST /predict` with what is known before the look-up, with room for all of it.
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

    /// Ends the response.
    ///
    /// - Returns: the predictions' JSON text, which is also the cache's entry.
    mutating func finish(_ predictions: Predictions) -> ByteBuffer {
        switch predictions {
        case .numbers(let numbers): return finish(numbers)
        case .text(let text):
            body.writeImmutableBuffer(text)
            body.writeStaticString(end)
            return text
        }
    }

    private mutating func finish(_ predictions: [Double]) -> ByteBuffer {
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
}
