private import CSimdjson
import HTTP1
import Model
import NIOCore
private import Platform

/// An inference request of the Open Inference Protocol, all of whose records have passed every rule.
struct InferenceRequest {
    let batch: HousingBatch
    /// The caller's id as a JSON string with its quotes, to be echoed.
    let id: ByteBuffer?
}

/// Reads inference requests with simdjson: one FP64 tensor `[n,8]`, or eight of `[n]` or `[n,1]` named as the features
/// are, each with flat or nested data. One per event loop, its memory reused from call to call.
final class InferenceReader {
    private let reader: OpaquePointer
    private let maximumRecords: Int
    private let padded: PaddedBuffer

    /// - Returns: nil if there is no memory for it.
    init?(maximumRecords: Int, maximumBytes: Int, _ padded: PaddedBuffer) {
        // One tensor more than a valid request can have, so that a surplus is noticed.
        let created = tensor_reader_create(
            "predict", Feature.count + 1, maximumRecords * Feature.count, maximumBytes, BatchReader.maximumDepth)
        guard let created else { return nil }
        reader = created
        self.maximumRecords = maximumRecords
        self.padded = padded
    }

    deinit { tensor_reader_destroy(reader) }

    /// Reads a request's body and checks all of it.
    ///
    /// - Returns: the request, or the body of the 400 that says what is wrong.
    func read(_ body: ByteBuffer, for model: LinearModel) -> Result<InferenceRequest, InferenceErrorBody> {
        padded.with(body) { json in
            Result { () throws(InferenceErrorBody) in
                let found = tensor_reader_read(reader, json, body.readableBytes)
                // The bytes after the JSON are not text, and would only be reported as that.
                if found.names_binary_size { throw InferenceErrorBody(HTTPError.binaryTensors.detail) }
                let bytes = UnsafeRawBufferPointer(start: json, count: body.readableBytes)
                if found.reason != nil, let error = JSONScanner.firstError(in: bytes) {
                    throw InferenceErrorBody(error.message(in: bytes))
                }
                return try request(found, model)
            }
        }
    }

    private func request(
        _ found: tensor_reader_result, _ model: LinearModel
    ) throws(InferenceErrorBody) -> InferenceRequest {
        if let reason = found.reason {
            throw InferenceErrorBody("Invalid inference request: \(String(cString: reason))")
        }
        if let output = text(found.unknown_output) {
            throw InferenceErrorBody("The model has no output \(InferenceErrorBody.shown(output)), only 'predict'")
        }
        let tensors = UnsafeBufferPointer(start: found.tensors, count: min(found.tensor_count, Feature.count + 1))
        let batch =
            switch found.tensor_count {
            case 1: try wholeBatch(tensors[0], found, model)
            case Feature.count: try batchOfColumns(tensors, found, model)
            default:
                throw InferenceErrorBody(
                    "inputs has \(found.tensor_count) tensors: send one of shape [n,8], or eight of shape [n] or [n,1] "
                        + "named \(Feature.allCases.map(\.name).joined(separator: ", "))")
            }
        return InferenceRequest(batch: batch, id: text(found.id).map(Self.json))
    }

    private func wholeBatch(
        _ tensor: json_tensor, _ found: tensor_reader_result, _ model: LinearModel
    ) throws(InferenceErrorBody) -> HousingBatch {
        let count = try records(of: tensor, width: Feature.count)
        return try validate(values: found.values, kinds: found.kinds, count: count, model)
    }

    private func batchOfColumns(
        _ tensors: UnsafeBufferPointer<json_tensor>, _ found: tensor_reader_result, _ model: LinearModel
    ) throws(InferenceErrorBody) -> HousingBatch {
        var starts = [Int?](repeating: nil, count: Feature.count)
        var counts: Set<Int> = []
        for tensor in tensors {
            guard let name = text(tensor.name) else { throw InferenceErrorBody("A tensor has no name") }
            guard let feature = Feature.allCases.first(where: { $0.name == name }) else {
                throw InferenceErrorBody("\(shown(tensor)) is not one of the model's eight features")
            }
            guard starts[feature.rawValue] == nil else { throw InferenceErrorBody("\(shown(tensor)) is sent twice") }
            counts.insert(try records(of: tensor, width: 1))
            starts[feature.rawValue] = tensor.first
        }
        guard let count = counts.first, counts.count == 1 else {
            throw InferenceErrorBody("The eight tensors differ in their number of records")
        }
        let places = (0..<count).flatMap { record in starts.compactMap { $0.map { $0 + record } } }
        return try validate(
            values: places.map { found.values[$0] }, kinds: places.map { found.kinds[$0] }, count: count, model)
    }

    private func validate(
        values: UnsafePointer<Double>, kinds: UnsafePointer<UInt8>, count: Int, _ model: LinearModel
    ) throws(InferenceErrorBody) -> HousingBatch {
        try HousingBatch.validate(values: values, cells: kinds, count: count, for: model)
            .mapError { InferenceErrorBody($0) }.get()
    }

    /// The number of a tensor's records, once all its other fields are valid.
    ///
    /// - Parameter width: numbers per record; with 1 the shape may be `[n]` too.
    private func records(of tensor: json_tensor, width: Int) throws(InferenceErrorBody) -> Int {
        guard text(tensor.name) != nil else { throw InferenceErrorBody("A tensor has no name") }
        let datatype = text(tensor.datatype)
        guard datatype == "FP64" else {
            let sent = datatype.map { "datatype \(InferenceErrorBody.shown($0))" } ?? "no datatype"
            throw InferenceErrorBody("\(shown(tensor)) has \(sent), where 'FP64' is needed")
        }
        let isFlat = width == 1 && tensor.rank == 1
        guard tensor.has_shape, isFlat || (tensor.rank == 2 && tensor.shape.1 == width), tensor.shape.0 >= 0 else {
            throw InferenceErrorBody("\(shown(tensor)) should have the shape \(width == 1 ? "[n] or [n,1]" : "[n,8]")")
        }
        guard (1...Int64(maximumRecords)).contains(tensor.shape.0) else {
            throw InferenceErrorBody(
                "\(shown(tensor)) has \(tensor.shape.0) records, where 1 to \(maximumRecords) are allowed")
        }
        guard tensor.has_data else {
            throw InferenceErrorBody("\(shown(tensor)) has no data. \(HTTPError.binaryTensors.detail)")
        }
        let count = Int(tensor.shape.0)
        let isNested = !isFlat && tensor.data_rank == 2 && tensor.data_shape == (count, width)
        guard isNested || (tensor.data_rank == 1 && tensor.count == count * width) else {
            throw InferenceErrorBody("\(shown(tensor)) has data that does not fit its shape")
        }
        return count
    }

    private func shown(_ tensor: json_tensor) -> String {
        "The tensor \(InferenceErrorBody.shown(text(tensor.name) ?? ""))"
    }

    private func text(_ string: json_string) -> String? {
        string.start.map { String(decoding: UnsafeBufferPointer(start: $0, count: string.length), as: UTF8.self) }
    }

    private static func json(_ text: String) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return ByteBuffer(bytes: (try? encoder.encode(text)) ?? Data("\"\"".utf8))
    }
}
