import Bytes

/// Takes lines out of JSON objects, one object a line of a log: Docker's own files, stern's and Azure's JSON.
///
/// The text may come in any chunks, in one line or in many. Objects and lists around the objects are passed over; so is
/// whatever is not JSON. Memory is bounded by the longest text of a field.
struct ObjectReader: Sendable {
    static let messageKeys: [StaticString] = ["log", "message", "LogMessage", "LogEntry", "Message"]
    static let podKeys: [StaticString] = ["podName", "PodName", "InstanceId"]

    private enum Place { case outside, inText, inEscape }

    private let maximumByteCount: Int
    private var place = Place.outside
    private var text: [UInt8] = []
    private var isTextOverlong = false
    private var key: [UInt8] = []
    private var isValue = false
    // The digits of `\u0041` that are still to come, and what came of them.
    private var escapeDigits = 0
    private var escapeValue: UInt32 = 0

    private var message: [UInt8] = []
    private var source: [UInt8] = []
    private var hasMessage = false
    private var isOverlong = false
    private var isStandardError = false

    init(maximumByteCount: Int = 65_536) { self.maximumByteCount = maximumByteCount }

    /// What an object says.
    struct Object {
        let message, source: UnsafeRawBufferPointer
        let isOverlong, isStandardError: Bool
    }

    /// Reads the next bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ onObject: (Object) -> Void) {
        var position = 0
        while position < bytes.count {
            switch place {
            case .outside:
                takeOutside(bytes[position], onObject)
                position += 1
            case .inText: position = takeText(bytes, from: position)
            case .inEscape:
                takeEscape(bytes[position])
                position += 1
            }
        }
    }

    private mutating func takeOutside(_ byte: UInt8, _ onObject: (Object) -> Void) {
        switch byte {
        case UInt8(ascii: "\""):
            place = .inText
            text.removeAll(keepingCapacity: true)
            isTextOverlong = false
        case UInt8(ascii: ":"): isValue = true
        case UInt8(ascii: ","): isValue = false
        case UInt8(ascii: "{"): isValue = false
        case UInt8(ascii: "}"):
            isValue = false
            endObject(onObject)
        default: break
        }
    }

    /// Takes a text up to its end or the next escape, whichever comes first.
    private mutating func takeText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var end = bytes.position(of: UInt8(ascii: "\""), from: start) ?? bytes.count
        end = bytes.part(start..<end).position(of: UInt8(ascii: "\\")).map { start + $0 } ?? end
        append(bytes.part(start..<end))
        guard end < bytes.count else { return end }
        if bytes[end] == UInt8(ascii: "\\") {
            place = .inEscape
        } else {
            place = .outside
            endText()
        }
        return end + 1
    }

    private mutating func append(_ part: UnsafeRawBufferPointer) {
        let room = maximumByteCount - text.count
        if part.count > room { isTextOverlong = true }
        text.append(contentsOf: part.prefix(max(room, 0)))
    }

    private mutating func takeEscape(_ byte: UInt8) {
        if escapeDigits > 0 {
            escapeDigits -= 1
            escapeValue = escapeValue << 4 | UInt32(Character(Unicode.Scalar(byte)).hexDigitValue ?? 0)
            guard escapeDigits == 0 else { return }
            // Everything of interest is ASCII.
            text.append(escapeValue < 0x80 ? UInt8(escapeValue) : UInt8(ascii: "?"))
            place = .inText
            return
        }
        place = .inText
        switch byte {
        case UInt8(ascii: "n"): text.append(.lineFeed)
        case UInt8(ascii: "t"): text.append(.tab)
        case UInt8(ascii: "r"): text.append(.carriageReturn)
        case UInt8(ascii: "u"): (place, escapeDigits, escapeValue) = (.inEscape, 4, 0)
        default: text.append(byte)
        }
    }

    private mutating func endText() {
        guard isValue else {
            swap(&key, &text)
            return
        }
        isValue = false
        switch key.withUnsafeBytes(Self.field) {
        case .message:
            swap(&message, &text)
            (hasMessage, isOverlong) = (true, isTextOverlong)
        case .pod: swap(&source, &text)
        case .stream: isStandardError = text.withUnsafeBytes { $0.equals("stderr") }
        case nil: break
        }
    }

    private enum Field { case message, pod, stream }

    private static func field(_ name: UnsafeRawBufferPointer) -> Field? {
        if messageKeys.contains(where: { name.equals($0) }) { return .message }
        if podKeys.contains(where: { name.equals($0) }) { return .pod }
        return name.equals("stream") ? .stream : nil
    }

    private mutating func endObject(_ onObject: (Object) -> Void) {
        if hasMessage {
            message.withUnsafeBytes { message in
                source.withUnsafeBytes { source in
                    onObject(
                        Object(
                            message: message, source: source, isOverlong: isOverlong, isStandardError: isStandardError))
                }
            }
        }
        (hasMessage, isOverlong, isStandardError) = (false, false, false)
        source.removeAll(keepingCapacity: true)
    }
}
