import Bytes
import Model
import NIOCore

/// The body of a 422, in pydantic v2's form: `{"detail":[{"type","loc","msg","input"}…],"error_count":N}`.
struct ValidationErrorBody: Error {
    private(set) var body: ByteBuffer

    /// A string is cut at this many Unicode scalars.
    static let inputLimit = 100
    private static let frameBytes = 48
    private static let usualFailureBytes = 144

    /// A well-formed body that fails as a whole; the failure stands alone.
    enum WholeError {
        case notAList
        case tooShort
        case tooLong(Int, limit: Int)

        fileprivate var type: StaticString {
            switch self {
            case .notAList: "list_type"
            case .tooShort: "too_short"
            case .tooLong: "too_long"
            }
        }

        fileprivate func message(_ json: UnsafeRawBufferPointer) -> String {
            switch self {
            case .notAList: return "Input should be a valid list. \(SentValue(json).insteadOfList)"
            case .tooShort: return "List should have at least 1 item after validation, not 0"
            case .tooLong(let count, let limit):
                let items = "\(limit) item\(limit == 1 ? "" : "s")"
                return "List should have at most \(items) after validation, not \(count)"
            }
        }
    }

    /// Lists what is wrong with records.
    ///
    /// - Parameter value: the JSON text of a record's field, or of the record where there is no field.
    init(_ violations: Violations, value: (_ record: Int, _ feature: Feature?) -> UnsafeRawBufferPointer) {
        self.init(expectedFailures: violations.listed.count)
        body.writeStaticString("{\"detail\":[")
        for (index, violation) in violations.listed.enumerated() {
            if index > 0 { body.writeStaticString(",") }
            body.writeStaticString("{\"type\":\"")
            body.writeString(violation.kind.rawValue)
            body.writeStaticString("\",\"loc\":[\"body\",")
            body.writeString(String(violation.record))
            if let feature = violation.feature {
                body.writeStaticString(",\"")
                body.writeString(feature.name)
                body.writeStaticString("\"")
            }
            let json = value(violation.record, violation.kind == .missing ? nil : violation.feature)
            body.writeStaticString("],\"msg\":\"")
            body.writeString(violation.message)
            if violation.kind == .modelType { body.writeString(". \(SentValue(json).insteadOfRecord)") }
            body.writeStaticString("\",\"input\":")
            writeInput(json)
            body.writeStaticString("}")
        }
        writeEnd(errorCount: violations.total)
    }

    /// Says why a well-formed body fails as a whole.
    static func whole(_ error: WholeError, _ body: UnsafeRawBufferPointer) -> ValidationErrorBody {
        let json = body.trimmed(where: \.isJSONSpace)
        return ValidationErrorBody(error.type, loc: "[\"body\"]", error.message(json)) { $0.writeInput(json) }
    }

    /// Says where a body stops being JSON, and why.
    ///
    /// - Parameter reason: the reader's, for a body that it refused although it is JSON: there was no memory to read it.
    static func invalidJSON(_ body: UnsafeRawBufferPointer, reason: String) -> ValidationErrorBody {
        let error = JSONScanner.firstError(in: body)
        let message = error?.message(in: body) ?? "Invalid JSON: \(reason)"
        return ValidationErrorBody("json_invalid", loc: "[\"body\",\(error?.offset ?? 0)]", message) {
            $0.writeString(error?.surroundings(in: body, limit: inputLimit) ?? prefix(of: body))
        }
    }

    /// One failure that stands alone.
    private init(_ type: StaticString, loc: String, _ message: String, writeInput: (inout Self) -> Void) {
        self.init(expectedFailures: 1)
        body.writeStaticString("{\"detail\":[{\"type\":\"")
        body.writeStaticString(type)
        body.writeString("\",\"loc\":\(loc),\"msg\":")
        writeString(message)
        body.writeStaticString(",\"input\":")
        writeInput(&self)
        body.writeStaticString("}")
        writeEnd(errorCount: 1)
    }

    private init(expectedFailures: Int) {
        body = ByteBufferAllocator().buffer(capacity: Self.frameBytes + expectedFailures * Self.usualFailureBytes)
    }

    private mutating func writeEnd(errorCount: Int) {
        body.writeStaticString("],\"error_count\":")
        body.writeString(String(errorCount))
        body.writeStaticString("}")
    }

    /// A number, boolean or null as sent, a string as a string, anything else as a string of its JSON text.
    private mutating func writeInput(_ json: UnsafeRawBufferPointer) {
        switch json.first {
        // Within its quotes, as it was sent.
        case UInt8(ascii: "\"") where Self.isPlain(UnsafeRawBufferPointer(rebasing: json.dropFirst().dropLast())):
            body.writeBytes(json)
        case UInt8(ascii: "\""):
            let content = JSONString.content(of: json, limit: Self.inputLimitBytes)
            writeString(content.withUnsafeBytes(Self.prefix))
        case UInt8(ascii: "["), UInt8(ascii: "{"): writeString(Self.prefix(of: json))
        default: body.writeBytes(json)
        }
    }

    /// Whether text needs no escape and no cut as a JSON string.
    private static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count <= inputLimit
            && text.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// The first `inputLimit` scalars of a text. What is not UTF-8 is replaced.
    private static func prefix(of utf8: UnsafeRawBufferPointer) -> String {
        let start = String(decoding: utf8.prefix(inputLimitBytes), as: UTF8.self)
        return String(String.UnicodeScalarView(start.unicodeScalars.prefix(inputLimit)))
    }

    /// What holds `inputLimit` scalars in any case, of four bytes at most, and one more, which may be cut.
    private static let inputLimitBytes = 4 * (inputLimit + 1)

    /// Appends text as a JSON string (RFC 8259, section 7).
    private mutating func writeString(_ text: String) {
        body.writeStaticString("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": body.writeStaticString("\\\"")
            case "\\": body.writeStaticString("\\\\")
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                body.writeString("\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)")
            case "\u{20}"..."\u{7E}": body.writeInteger(UInt8(truncatingIfNeeded: scalar.value))
            default: body.writeString(String(scalar))
            }
        }
        body.writeStaticString("\"")
    }
}
