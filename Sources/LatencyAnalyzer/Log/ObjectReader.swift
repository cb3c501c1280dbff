import Bytes

/// Extracts lines from JSON objects, one object per line of a log: Docker's own files, stern's and Azure's JSON.
///
/// The text may arrive in chunks of any size, in one line or in many. Objects and lists around the objects are skipped,
/// and so is anything that is not JSON. Memory is bounded by the longest text of a field.
struct ObjectReader: Sendable {
    static let messageKeys: [StaticString] = ["log", "message", "LogMessage", "LogEntry", "Message", "Log"]
    static let podKeys: [StaticString] = ["podName", "PodName", "InstanceId", "pod_name"]

    private enum Place { case outside, inText, inEscape }

    private let maximumByteCount: Int
    private var place = Place.outside
    // Of objects and lists that have begun.
    private var depth = 0
    private var text: [UInt8] = []
    private var isTextOverlong = false
    private var key: [UInt8] = []
    private var isValue = false
    // The digits of `\u0041` that are still to come, and their value so far.
    private var escapeDigits = 0
    private var escapeValue: UInt32 = 0

    private var message: [UInt8] = []
    private var source: [UInt8] = []
    // The text of one of Docker's lines.
    private var plain: [UInt8] = []
    private var hasMessage = false
    private var isOverlong = false
    private var isStandardError = false

    init(maximumByteCount: Int = 65_536) { self.maximumByteCount = maximumByteCount }

    /// Whether an object or a list has begun and not ended: at the end of a file, its rest is missing.
    var isOpen: Bool { place != .outside || depth > 0 }

    /// The fields of an object.
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
                if bytes[position] == UInt8(ascii: "{"), !hasMessage, source.isEmpty, !isStandardError,
                    let end = takeDockerLine(bytes, from: position, onObject)
                {
                    position = end
                    continue
                }
                takeOutside(bytes[position], onObject)
                position += 1
            case .inText: position = takeText(bytes, from: position)
            case .inEscape:
                takeEscape(bytes[position])
                position += 1
            }
        }
    }

    /// Takes an object as Docker writes it: `{"log":"…\n","stream":"stdout","time":"…"}` and a line feed.
    ///
    /// - Returns: where the next one begins; nil, without taking anything, for any other object or an incomplete one.
    private mutating func takeDockerLine(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ onObject: (Object) -> Void
    ) -> Int? {
        var scanner = ByteScanner(bytes, from: start)
        guard scanner.skip(#"{"log":""#) else { return nil }
        if plain.isEmpty { plain = [UInt8](repeating: 0, count: maximumByteCount + 8) }
        let textStart = scanner.position
        guard let (length, count) = plain.withUnsafeMutableBytes({ Self.unescape(bytes, from: textStart, into: $0) })
        else { return nil }
        scanner = ByteScanner(bytes, from: textStart + length)
        guard scanner.skip(#"","stream":"std"#) else { return nil }
        let isStandardOutput = scanner.skip("out")
        guard isStandardOutput || scanner.skip("err"), scanner.skip(#"","time":""#),
            let time = scanner.take(before: UInt8(ascii: "\"")), LinePrefix.isTimestamp(time),
            time.position(of: UInt8(ascii: "\\")) == nil, scanner.skip("}\n")
        else { return nil }
        plain.withUnsafeBytes { plain in
            onObject(
                Object(
                    message: plain.part(0..<count), source: UnsafeRawBufferPointer(start: nil, count: 0),
                    isOverlong: false, isStandardError: !isStandardOutput))
        }
        return scanner.position
    }

    /// Writes a text without its escapes, eight bytes at a time.
    ///
    /// - Returns: how many bytes it has before its closing quote, and without escapes; nil if it has rare ones, is too
    ///   long, or may not be whole.
    private static func unescape(
        _ bytes: UnsafeRawBufferPointer, from start: Int, into plain: UnsafeMutableRawBufferPointer
    ) -> (length: Int, count: Int)? {
        let end = min(bytes.count - 8, start + plain.count - 8)
        var (position, count) = (start, 0)
        while position < end {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            plain.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
            let special = word.highestBits(of: UInt8(ascii: "\"")) | word.highestBits(of: UInt8(ascii: "\\"))
            let ordinary = special.trailingZeroBitCount / 8
            position += ordinary
            count += ordinary
            guard special != 0 else { continue }
            guard bytes[position] == UInt8(ascii: "\\") else { return (position - start, count) }
            switch bytes[position + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): plain[count] = bytes[position + 1]
            case UInt8(ascii: "n"): plain[count] = .lineFeed
            default: return nil
            }
            position += 2
            count += 1
        }
        return nil
    }

    private mutating func takeOutside(_ byte: UInt8, _ onObject: (Object) -> Void) {
        switch byte {
        case UInt8(ascii: "\""):
            place = .inText
            text.removeAll(keepingCapacity: true)
            isTextOverlong = false
        case UInt8(ascii: ":"): isValue = true
        case UInt8(ascii: ","): isValue = false
        case UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "]"): depth = max(depth - 1, 0)
        case UInt8(ascii: "{"):
            isValue = false
            depth += 1
        case UInt8(ascii: "}"):
            isValue = false
            depth = max(depth - 1, 0)
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

extension UInt64 {
    /// The highest bit of the first byte with this value, and of none before it.
    @inline(__always)
    fileprivate func highestBits(of byte: UInt8) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let differences = self ^ UInt64(byte) &* ones
        return (differences &- ones) & ~differences & (0x80 &* ones)
    }
}
