private import Foundation
import Model
import NIOCore

/// The body of a 422, in pydantic v2's form: `{"detail":[{"type","loc","msg","input"}…],"error_count":N}`.
struct ValidationErrorBody: Error {
    private(set) var body: ByteBuffer

    /// A string is cut at this many Unicode scalars.
    static let inputLimit = 100
    private static let frameBytes = 48
    private static let usualFailureBytes = 144

    /// A failure of the body as a whole; it stands alone.
    enum WholeError {
        case invalid(String)
        case notAList
        case tooShort
        case tooLong(Int, limit: Int)

        fileprivate var type: StaticString {
            switch self {
            case .invalid: "json_invalid"
            case .notAList: "list_type"
            case .tooShort: "too_short"
            case .tooLong: "too_long"
            }
        }

        fileprivate var message: String {
            switch self {
            case .invalid(let reason): "Invalid JSON: \(reason)"
            case .notAList: "Input should be a valid list"
            case .tooShort: "List should have at least 1 item after validation, not 0"
            case .tooLong(let count, let limit):
                "List should have at most \(limit) item\(limit == 1 ? "" : "s") after validation, not \(count)"
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
            body.writeStaticString("],\"msg\":\"")
            body.writeString(violation.message)
            body.writeStaticString("\",\"input\":")
            writeInput(value(violation.record, violation.kind == .missing ? nil : violation.feature))
            body.writeStaticString("}")
        }
        writeEnd(errorCount: violations.total)
    }

    /// Says what is wrong with the body as a whole.
    static func whole(_ failure: WholeError, _ json: UnsafeRawBufferPointer) -> ValidationErrorBody {
        var error = ValidationErrorBody(expectedFailures: 1)
        error.body.writeStaticString("{\"detail\":[{\"type\":\"")
        error.body.writeStaticString(failure.type)
        error.body.writeStaticString("\",\"loc\":[\"body\"],\"msg\":\"")
        error.body.writeString(failure.message)
        error.body.writeStaticString("\",\"input\":")
        if case .invalid = failure {
            error.writeString(prefix(of: json))
        } else {
            error.writeInput(UnsafeRawBufferPointer(rebasing: trimmed(json)))
        }
        error.body.writeStaticString("}")
        error.writeEnd(errorCount: 1)
        return error
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
        case UInt8(ascii: "\""): writeString(Self.unescaped(json))
        case UInt8(ascii: "["), UInt8(ascii: "{"): writeString(Self.prefix(of: json))
        default: body.writeBytes(json)
        }
    }

    /// Whether text needs no escape and no cut as a JSON string.
    private static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count <= inputLimit
            && text.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// The content of a JSON string. Most have no escapes and need no decoder.
    private static func unescaped(_ json: UnsafeRawBufferPointer) -> String {
        guard json.contains(UInt8(ascii: "\\")) else {
            return prefix(of: UnsafeRawBufferPointer(rebasing: json.dropFirst().dropLast()))
        }
        return (try? JSONDecoder().decode(String.self, from: Data(json))) ?? prefix(of: json)
    }

    /// Text of which `inputLimit` scalars are wanted; a scalar has four bytes at most. What is no UTF-8 is replaced.
    private static func prefix(of utf8: UnsafeRawBufferPointer) -> String {
        String(decoding: utf8.prefix(4 * (inputLimit + 1)), as: UTF8.self)
    }

    private static func trimmed(_ json: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        let isText: (UInt8) -> Bool = { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let first = json.firstIndex(where: isText), let last = json.lastIndex(where: isText) else {
            return json[json.endIndex...]
        }
        return json[first...last]
    }

    /// Appends text as a JSON string (RFC 8259, section 7), cut at `inputLimit` scalars.
    private mutating func writeString(_ text: String) {
        body.writeStaticString("\"")
        for scalar in text.unicodeScalars.prefix(Self.inputLimit) {
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
