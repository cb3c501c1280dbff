import Bytes
private import CSimdjson
import Model

/// A well-formed JSON value that came where an array of houses or a house is wanted, in words for its sender.
struct SentValue {
    private let json: UnsafeRawBufferPointer
    private static let keyLimit = 5
    private static let keyScalarLimit = 40
    /// How many members are looked at; all are counted.
    private static let memberLimit = 100

    /// - Parameter json: the value's text, without white space around it.
    init(_ json: UnsafeRawBufferPointer) { self.json = json }

    /// Where an array of houses is wanted.
    var insteadOfList: String {
        guard json.first == UInt8(ascii: "{") else { return "It is \(kind)" }
        let members = Members(of: json)
        let keys = Self.named(members)
        if let table = members.table {
            return "It is \(keys): \(table). Send an array with an object for each row, which is "
                + "to_json(orient='records') in pandas"
        }
        if members.hasFeature { return "It is \(keys): one house. Put it into an array, [{…}]" }
        if members.holdsTensors { return "It is \(keys): an inference request. Send it to /v2/models/housing/infer" }
        if let key = members.encoded {
            return "It is \(keys): \(members.count == 1 ? "its value" : key) is a string that holds JSON: it was "
                + "encoded twice. Send an array with an object for each house"
        }
        switch members.arrays.count {
        case 1 where members.count == 1: return "It is \(keys): send its array"
        case 1: return "It is \(keys): send the array of \(members.arrays[0])"
        default: return "It is \(keys)"
        }
    }

    /// Where a house is wanted.
    var insteadOfRecord: String {
        switch json.first {
        case UInt8(ascii: "["):
            let inner = json.dropping(1).trimmed(where: \.isJSONSpace).first
            return inner == UInt8(ascii: "{")
                ? "It is an array: a pair of brackets too many"
                : "It is an array: send an object that names each field"
        default: return "It is \(kind)"
        }
    }

    private var kind: String {
        switch json.first {
        case UInt8(ascii: "\"") where holdsJSON: "a string that holds JSON: it was encoded twice"
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): String(decoding: json, as: UTF8.self)
        default: "a number"
        }
    }

    /// Whether the string's content is an array, an object or a string in JSON.
    private var holdsJSON: Bool {
        JSONString.content(of: json).withUnsafeBytes { content in
            guard let first = content.first(where: { !$0.isJSONSpace }), #"[{""#.utf8.contains(first) else {
                return false
            }
            return JSONScanner.firstError(in: content) == nil
        }
    }

    private static func named(_ members: Members) -> String {
        guard members.count > 0 else { return "an object without keys" }
        let more = members.count - members.keys.count
        return "an object with the key\(members.count == 1 ? "" : "s") \(members.keys.joined(separator: ", "))"
            + (more > 0 ? " and \(more) more" : "")
    }

    /// What an object's members show of it.
    private struct Members {
        var count = 0
        /// The first keys, as they are shown.
        var keys: [String] = []
        /// The first keys of arrays, as they are shown.
        var arrays: [String] = []
        var hasFeature = false
        /// Whether the first feature has a list or an object instead of a number; nil if there is no feature.
        var holdsTable: Bool?
        var holdsTensors = false
        /// The first key, as it is shown, of a string that holds JSON.
        var encoded: String?
        /// How many of the first members are objects with some feature as a key.
        private var houses = 0
        private var hasColumns = false
        private var hasData = false

        /// Which table of pandas it is: `orient` columns, split or index; nil if none.
        var table: String? {
            if holdsTable == true { return "a table by columns" }
            if hasFeature { return nil }
            if hasColumns, hasData { return "columns and rows apart, as pandas' orient='split' writes them" }
            guard count > 0, houses == min(count, memberLimit) else { return nil }
            return "houses by key, as pandas' orient='index' writes them"
        }

        init(of object: UnsafeRawBufferPointer) {
            var place = 1
            while let key = Self.next(in: object, &place), let value = Self.next(in: object, &place) {
                add(key, value)
            }
        }

        /// The next key or value.
        private static func next(in object: UnsafeRawBufferPointer, _ place: inout Int) -> UnsafeRawBufferPointer? {
            place += object.countWhile(
                { $0.isJSONSpace || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") }, from: place)
            guard place < object.count - 1, let base = object.baseAddress else { return nil }
            let length = row_reader_value_length(base.assumingMemoryBound(to: UInt8.self), object.count, place)
            defer { place += length }
            return object.part(place..<(place + length))
        }

        private mutating func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
            count += 1
            // An object of a hundred thousand members must not hold up the event loop.
            guard count <= memberLimit else { return }
            let content = JSONString.content(of: key, limit: 4 * keyScalarLimit)
            let name = String(decoding: content, as: UTF8.self)
            let shown = String(String.UnicodeScalarView(name.unicodeScalars.prefix(keyScalarLimit))).printable()
            if count <= keyLimit { keys.append(shown) }
            let isList = value.first == UInt8(ascii: "[")
            if isList, arrays.count < 2 { arrays.append(shown) }
            if Feature.allCases.contains(where: { $0.name == name }) {
                hasFeature = true
                holdsTable = holdsTable ?? (isList || value.first == UInt8(ascii: "{"))
            }
            if isList, name == "columns" { hasColumns = true }
            if isList, name == "data" { hasData = true }
            if value.first == UInt8(ascii: "{"), Self.holdsFeature(value) { houses += 1 }
            if encoded == nil, value.first == UInt8(ascii: "\""), SentValue(value).holdsJSON { encoded = shown }
            if isList, name == "inputs", value.part(0..<min(1024, value.count)).contains("\"datatype\"") {
                holdsTensors = true
            }
        }

        /// Whether a feature's name in quotes stands near the beginning of an object.
        private static func holdsFeature(_ object: UnsafeRawBufferPointer) -> Bool {
            let start = String(decoding: object.prefix(256), as: UTF8.self)
            return Feature.allCases.contains { start.contains("\"\($0.name)\"") }
        }
    }
}

/// The content of a JSON string.
enum JSONString {
    /// The content of a well-formed string in quotes, without its escapes, in UTF-8.
    ///
    /// - Parameter limit: in bytes; what goes beyond is left out, and what is left may end within a scalar.
    static func content(of json: UnsafeRawBufferPointer, limit: Int = .max) -> [UInt8] {
        var content: [UInt8] = []
        let end = json.count - 1
        var place = 1
        while place < end, content.count < limit {
            guard json[place] == UInt8(ascii: "\\") else {
                content.append(json[place])
                place += 1
                continue
            }
            switch json[place + 1] {
            case UInt8(ascii: "u"):
                let scalar = scalar(in: json, at: place)
                content += Array(String(scalar.value).utf8)
                place += scalar.length
                continue
            case UInt8(ascii: "b"): content.append(0x08)
            case UInt8(ascii: "f"): content.append(0x0C)
            case UInt8(ascii: "n"): content.append(.lineFeed)
            case UInt8(ascii: "r"): content.append(.carriageReturn)
            case UInt8(ascii: "t"): content.append(.tab)
            case let itself: content.append(itself)
            }
            place += 2
        }
        return content
    }

    /// The scalar of `\uXXXX`, or of two of them where the first is half of a pair.
    private static func scalar(
        in json: UnsafeRawBufferPointer, at place: Int
    ) -> (value: Unicode.Scalar, length: Int) {
        let unit = hexadecimal(in: json, at: place + 2)
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        let low = hexadecimal(in: json, at: place + 8)
        return (Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF) ?? "\u{FFFD}", 12)
    }

    private static func hexadecimal(in json: UnsafeRawBufferPointer, at place: Int) -> UInt32 {
        (place..<min(place + 4, json.count)).reduce(0) { $0 << 4 | UInt32(json[$1].hexadecimalValue ?? 0) }
    }
}
