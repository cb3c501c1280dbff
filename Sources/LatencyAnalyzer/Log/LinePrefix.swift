import Bytes

/// The prefixes that tools put before a container's lines; removed without an allocation.
enum LinePrefix: Sendable, Equatable {
    /// `kubectl logs --prefix`: `[pod/NAME/CONTAINER] …`
    case kubectl
    /// stern: `NAME CONTAINER …`, with all namespaces `NAMESPACE NAME CONTAINER …`; in colours on a terminal.
    case stern(words: Int)
    /// `docker compose logs`: `NAME  | …`; in colours on a terminal.
    case compose
    /// A node's file: `2026-11-21T11:28:10.1Z stdout F …`, with `P` for a line that continues.
    case cri

    /// A line without its prefix.
    struct Line {
        var text: UnsafeRawBufferPointer
        /// The prefix' part that identifies the pod; empty if there is none.
        var source = UnsafeRawBufferPointer(start: nil, count: 0)
        /// Whether the line continues in the next one of its stream.
        var isPart = false
        /// Whether it is from standard error, if the prefix shows that.
        var isStandardError = false
    }

    /// Removes the prefix; nil for a line with another one, or none.
    @inline(__always)
    func strip(_ line: UnsafeRawBufferPointer) -> Line? {
        var scanner = ByteScanner(line)
        switch self {
        case .kubectl:
            guard scanner.skip("[pod/"), let source = scanner.take(before: UInt8(ascii: "]")), scanner.skip(.space)
            else { return nil }
            return Line(text: scanner.rest, source: source)
        case .stern(let words):
            for _ in 0..<words {
                guard let word = scanner.take(before: .space), Self.isName(word) else { return nil }
            }
            return Line(text: Self.skipColours(scanner.rest), source: line.part(0..<scanner.position - 1))
        case .compose:
            guard let name = scanner.take(before: UInt8(ascii: "|")) else { return nil }
            let source = name.trimmed
            guard Self.isName(source) else { return nil }
            return Line(text: Self.afterBar(scanner.rest), source: source)
        case .cri:
            guard let time = scanner.take(before: .space), Self.isTimestamp(time) else { return nil }
            let isStandardError = scanner.skip("stderr ")
            guard isStandardError || scanner.skip("stdout ") else { return nil }
            let isPart = scanner.skip("P ")
            guard isPart || scanner.skip("F ") || scanner.skip("F") && scanner.isAtEnd else { return nil }
            return Line(text: scanner.rest, isPart: isPart, isStandardError: isStandardError)
        }
    }

    /// One blank follows compose's bar, before or after the end of a colour.
    private static func afterBar(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = skipColours(bytes)
        if rest.first == .space { rest = skipColours(rest.dropping(1)) }
        return rest
    }

    /// The bytes after `ESC [ … m`, as often as it comes.
    @inline(__always)
    static func skipColours(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = bytes
        while rest.first == 0x1B, let end = rest.position(of: UInt8(ascii: "m")), end < 16 {
            rest = rest.dropping(end + 1)
        }
        return rest
    }

    /// Whether it is stern's own line about a pod that it begins or ends to follow: `+ NAME › CONTAINER`.
    static func isSternsOwn(_ line: UnsafeRawBufferPointer) -> Bool {
        let first = skipColours(line).first
        return (first == UInt8(ascii: "+") || first == UInt8(ascii: "-")) && line.contains("›")
    }

    /// Letters, digits and `-_.@`, a letter or a digit first, with colours around them.
    private static func isName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard 1...300 ~= bytes.count else { return false }
        if bytes.position(of: 0x1B) != nil {
            let rest = skipColours(bytes)
            return isName(rest.part(0..<(rest.position(of: 0x1B) ?? rest.count)))
        }
        guard bytes[0].isDigit || bytes[0].isLetter else { return false }
        for byte in bytes where !byte.isDigit && !byte.isLetter {
            guard
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "@")
            else { return false }
        }
        return true
    }

    /// Whether it is RFC 3339 with a fraction or a zone, as runtimes write it: `2026-11-21T11:28:10.1+01:00`.
    @inline(__always)
    static func isTimestamp(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard 20...40 ~= bytes.count, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[0].isDigit
        else { return false }
        let next = bytes[19]
        return next == UInt8(ascii: ".") || next == UInt8(ascii: "Z")
            || bytes.count == 25 && bytes[22] == UInt8(ascii: ":")
    }
}

/// What a log's own lines begin with, after the prefix of a tool.
struct LineStamp: Sendable, Equatable {
    /// The stamp of Azure ML's server, which is not part of a line.
    enum AzureML: Sendable { case none, dated, today }

    /// `2026-11-21T11:28:10.107Z ` of `kubectl logs --timestamps`, `docker compose logs -t`, `stern -t`.
    var hasTimestamps = false
    var azureML = AzureML.none

    var isEmpty: Bool { !hasTimestamps && azureML == .none }

    /// A line without its stamp.
    typealias Stamped = (text: UnsafeRawBufferPointer, process: UnsafeRawBufferPointer, isStamped: Bool)

    /// Removes the stamp, if there is one.
    @inline(__always)
    func strip(_ line: UnsafeRawBufferPointer) -> Stamped {
        var text = line
        var isStamped = true
        if hasTimestamps {
            if let end = text.position(of: .space), LinePrefix.isTimestamp(text.part(0..<end)) {
                text = text.dropping(end + 1)
            } else {
                isStamped = false
            }
        }
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        switch azureML {
        case .none: return (text, none, isStamped)
        case .dated: return (Self.afterDatedStamp(text) ?? text, none, isStamped)
        case .today:
            guard let (rest, process) = Self.afterTodaysStamp(text) else { return (text, none, isStamped) }
            return (rest, process, isStamped)
        }
    }

    /// `2021-02-07 08:21:31,073`
    private static func skipTime(_ scanner: inout ByteScanner) -> Bool {
        let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
        return scanner.decimal(digits: 4) != nil && scanner.skip(dash) && scanner.decimal(digits: 2) != nil
            && scanner.skip(dash) && scanner.decimal(digits: 2) != nil && scanner.skip(.space)
            && scanner.decimal(digits: 2) != nil && scanner.skip(colon) && scanner.decimal(digits: 2) != nil
            && scanner.skip(colon) && scanner.decimal(digits: 2) != nil && scanner.skip(UInt8(ascii: ","))
            && scanner.decimal(digits: 3) != nil
    }

    /// `2021-02-07 08:21:31,073 | root | INFO | …`
    static func afterDatedStamp(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scanner = ByteScanner(line)
        guard skipTime(&scanner), scanner.skip(" | "), scanner.take(before: UInt8(ascii: "|")) != nil,
            scanner.take(before: UInt8(ascii: "|")) != nil
        else { return nil }
        _ = scanner.skip(.space)
        return scanner.rest
    }

    /// `2026-01-31 07:44:21,128 I [119] gunicorn.access - …`
    static func afterTodaysStamp(
        _ line: UnsafeRawBufferPointer
    ) -> (rest: UnsafeRawBufferPointer, process: UnsafeRawBufferPointer)? {
        var scanner = ByteScanner(line)
        guard skipTime(&scanner), scanner.skip(.space), scanner.take(1) != nil, scanner.skip(" ["),
            let process = scanner.take(before: UInt8(ascii: "]")), process.decimal != nil, scanner.skip(.space),
            scanner.take(before: .space) != nil, scanner.skip("- ")
        else { return nil }
        return (scanner.rest, process)
    }
}
