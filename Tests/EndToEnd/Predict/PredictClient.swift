import Foundation
import Testing

/// A client of a server of its own, for many bodies on one connection.
final class PredictClient {
    let server: ServerProcess
    private let connection: Connection

    init(_ arguments: [String] = []) throws {
        server = try ServerProcess(arguments)
        connection = try server.connect()
    }

    /// `POST`s bytes; every response is checked for what all responses have in common.
    func predict(_ body: [UInt8], path: String = "/predict", headers: [String] = []) throws -> Response {
        let response = try exchange(body, path: path, headers: headers)
        try #require([200, 422].contains(response.status), "\(response.status) \(response.text)")
        _ = try response.document()
        #expect(response["Content-Type"] == "application/json")
        #expect((response["X-Cache"] == nil) == (response.status == 422))
        return response
    }

    /// `POST`s bytes and returns the response unchecked.
    func exchange(_ body: [UInt8], path: String = "/predict", headers: [String] = []) throws -> Response {
        try connection.send("POST", path, headers: headers, body: body)
        return try connection.response()
    }

    /// `POST`s text.
    func predict(_ body: String, path: String = "/predict", headers: [String] = []) throws -> Response {
        try predict(Array(body.utf8), path: path, headers: headers)
    }

    /// The outcome of the only record's field when sent as this JSON text: its text in `inputs`, or the errors in
    /// `detail`.
    func outcome(_ field: String = "MedInc", sentAs value: String) throws -> Outcome {
        try Outcome(predict(RecordText.good.with(field, value).batch), field: field)
    }
}

/// The outcome of a record's field.
enum Outcome: Equatable {
    /// Its text in `inputs`.
    case accepted(String)
    /// The `type` and `loc` of all errors.
    case refused([Failure])

    fileprivate init(_ response: Response, field: String) throws {
        guard response.status == 200 else {
            self = .refused(try response.listedFailures())
            return
        }
        let start = try #require(response.text.firstRange(of: "\"\(field)\":")).upperBound
        self = .accepted(String(response.text[start...].prefix { $0 != "," && $0 != "}" }))
    }

    /// One error of the first record's field.
    static func refused(_ type: String, _ field: String = "MedInc") -> Outcome {
        .refused([Failure(type, "body", "0", field)])
    }
}

/// The `type` and `loc` of one error.
struct Failure: Equatable, CustomStringConvertible {
    let type: String
    /// Record indices as text.
    let loc: [String]

    init(_ type: String, _ loc: String...) {
        self.type = type
        self.loc = loc
    }

    fileprivate init(_ item: [String: Any]) throws {
        type = try #require(item["type"] as? String)
        loc = try #require(item["loc"] as? [Any]).map { "\($0)" }
        #expect((item["msg"] as? String)?.isEmpty == false)
        #expect(item["input"] != nil)
    }

    var description: String { "\(type) \(loc.joined(separator: "."))" }
}

extension ServerProcess {
    /// Opens a connection while the closure runs: a server that ends waits for its clients to close theirs.
    func withConnection(_ body: (Connection) throws -> Void) throws { try body(connect()) }
}

extension Response {
    /// The body as JSON. Foundation cannot read numbers that overflow, which `input` may show, so those are read as
    /// text.
    func document() throws -> [String: Any] {
        let readable = text.replacing(/"input":(-?[0-9][0-9.eE+-]*)/) { "\"input\":\"\($0.output.1)\"" }
        let json = try JSONSerialization.jsonObject(with: Data(readable.utf8))
        return try #require(json as? [String: Any], "\(text)")
    }

    /// The items of a 422.
    func detail() throws -> [[String: Any]] {
        try #require(try document()["detail"] as? [[String: Any]], "\(text)")
    }

    /// The errors of a 422, each checked for its `msg` and `input`.
    func listedFailures() throws -> [Failure] {
        try detail().map(Failure.init)
    }

    /// Whether the body is rejected only because it is not JSON, with a place within it.
    func isInvalidJSON(_ count: Int) throws -> Bool { try (0...count).contains(invalidOffset()) }

    /// Where a body stops being JSON, if that is its only error.
    func invalidOffset() throws -> Int {
        let item = try #require(try detail().first, "\(text)")
        let failures = try listedFailures()
        try #require(try failures.map(\.type) == ["json_invalid"] && errorCount() == 1, "\(text)")
        let loc = try #require(item["loc"] as? [Any], "\(text)")
        #expect(loc.count == 2 && loc[0] as? String == "body", "\(text)")
        return try #require(loc.last as? Int, "\(text)")
    }

    /// The total of a 422.
    func errorCount() throws -> Int { try #require(try document()["error_count"] as? Int, "\(text)") }

    /// The key of a 200.
    func queryKey() throws -> String { try #require(try json()["query_key"] as? String, "\(text)") }
}

/// A record as JSON text, so that a test can put any text in any place.
struct RecordText {
    var fields: [(key: String, value: String)]

    static let names = [
        "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude",
    ]

    /// The first record of the original service's sample.
    static let good = RecordText(["8.3252", "42", "6.98", "1.02", "322", "2.55", "37.88", "-122.23"])

    /// One value per field, in the schema's order.
    init(_ values: [String]) { fields = zip(Self.names, values).map { ($0, $1) } }

    /// The record with another value.
    func with(_ name: String, _ value: String) -> RecordText {
        var record = self
        record.fields = fields.map { $0.key == name ? ($0.key, value) : $0 }
        return record
    }

    /// The record with one field fewer.
    func without(_ name: String) -> RecordText {
        var record = self
        record.fields.removeAll { $0.key == name }
        return record
    }

    /// The record with a member of raw JSON after its others, which may repeat a key.
    func adding(_ key: String, _ value: String) -> RecordText {
        var record = self
        record.fields.append((key, value))
        return record
    }

    /// The object.
    var json: String { "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}" }

    /// The object in a list of its own.
    var batch: String { "[\(json)]" }
}

extension [RecordText] {
    /// The list.
    var batch: String { "[" + map(\.json).joined(separator: ",") + "]" }
}
