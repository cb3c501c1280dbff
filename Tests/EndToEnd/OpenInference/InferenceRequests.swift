import Foundation

/// Inference requests as JSON text, made of the original service's sample.
enum InferenceRequests {
    /// Four houses, each with its eight values in the features' order.
    static let houses = [
        [8.3252, 42, 6.98, 1.02, 322, 2.55, 37.88, -122.23], [2.3252, 20, 2.98, 1.02, 322, 2.55, 37.88, -122.23],
        [3.3252, 12, 4.5, 3.02, 322, 2.55, 37.88, -122.23], [4.3252, 42, 6.98, 2.02, 123, 2.55, 37.88, -122.23],
    ]

    /// The different requests for the four houses.
    static var layouts: [(name: String, body: String)] {
        let columns = RecordText.names.enumerated().map { index, name in (name, houses.map { [$0[index]] }) }
        return [
            ("[n,8] nested", request(tensor("any", [4, 8], "\(houses)"))),
            ("[n,8] flat", request(tensor("any", [4, 8], "\(houses.flatMap { $0 })"))),
            ("[n,1] nested", request(columns.map { tensor($0, [4, 1], "\($1)") })),
            ("[n,1] flat", request(columns.map { tensor($0, [4, 1], "\($1.flatMap { $0 })") })),
            ("[n]", request(columns.map { tensor($0, [4], "\($1.flatMap { $0 })") })),
            ("in another order", request(columns.reversed().map { tensor($0, [4], "\($1.flatMap { $0 })") })),
        ]
    }

    static func tensor(_ name: String, _ shape: [Int], _ data: String, datatype: String = "FP64") -> String {
        #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(datatype)","data":\#(data)}"#
    }

    static func request(_ tensors: String..., rest: String = "") -> String { request(tensors, rest: rest) }

    static func request(_ tensors: [String], rest: String = "") -> String {
        #"{"inputs":[\#(tensors.joined(separator: ","))]\#(rest)}"#
    }

    /// One house in one tensor.
    static func one(_ values: String = "[8.3252,42,6.98,1.02,322,2.55,37.88,-122.23]", rest: String = "") -> String {
        request(tensor("input", [1, 8], values), rest: rest)
    }
}

extension ServerProcess {
    /// `POST`s an inference request on a connection of its own.
    func infer(_ body: String, version: String? = nil, headers: [String] = []) throws -> Response {
        let version = version.map { "/versions/\($0)" } ?? ""
        return try call("POST", "/v2/models/housing\(version)/infer", headers: headers, body: body)
    }
}

extension Response {
    /// The `error` of a response that has nothing else.
    func inferenceError() throws -> String? {
        let answer = try json()
        return answer.count == 1 ? answer["error"] as? String : nil
    }
}
