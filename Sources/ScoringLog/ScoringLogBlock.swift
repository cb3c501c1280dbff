package import Bytes
import Platform

/// One request's block of the scoring log, and the reading of its lines: this file defines the log's format.
///
/// `FastLineReader` is a faster reader of the lines that are written here.
///
/// A scored request takes 126 bytes and more; a rejected one (`scored` is nil) has only the first line:
///
///     127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"
///     X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
///     Prediction took 0.0312 ms
///
/// The format's source is the AKS latency-detection scripts, which read exactly these three lines.
public struct ScoringLogBlock: Sendable {
    /// The second and third line's content, which only a scored request has.
    public struct Scored: Sendable {
        package var requestID: RequestID
        /// From the start of the cache look-up until the predictions are known.
        package var scoringNanoseconds: UInt64
        package var modelKind: ModelKind

        package init(requestID: RequestID, scoringNanoseconds: UInt64, modelKind: ModelKind) {
            self.requestID = requestID
            self.scoringNanoseconds = scoringNanoseconds
            self.modelKind = modelKind
        }
    }

    /// The second of the response.
    public var time: CommonLogTime
    /// A literal of the program, so that no client's text reaches the log.
    public var method: StaticString
    /// A literal of the program, so that no client's text reaches the log.
    public var route: StaticString
    /// The `1` of `HTTP/1.1`.
    public var httpMinorVersion: Int
    /// The response's status.
    public var status: Int
    /// Bytes of the response's body.
    public var bodyBytes: Int
    /// Nil for a rejected request.
    public var scored: Scored?

    /// Makes a block; negative numbers are written as 0.
    public init(
        time: CommonLogTime, method: StaticString, route: StaticString, httpMinorVersion: Int, status: Int,
        bodyBytes: Int, scored: Scored? = nil
    ) {
        self.time = time
        self.method = method
        self.route = route
        self.httpMinorVersion = httpMinorVersion
        self.status = status
        self.bodyBytes = bodyBytes
        self.scored = scored
    }
}

// MARK: - Writing

extension ScoringLogBlock {
    /// The most that `encode` writes, in bytes.
    public var maximumByteCount: Int {
        // Literals and time 77, three numbers of at most 19 digits, id line 82, scoring line 41: 257.
        288 + method.utf8CodeUnitCount + route.utf8CodeUnitCount
    }

    /// Writes the block's bytes, each line with its line feed, without allocation.
    ///
    /// - Parameter buffer: room for at least `maximumByteCount` bytes; less traps.
    /// - Returns: how many bytes were written.
    public func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= maximumByteCount, "too little room for a block of the scoring log")
        var output = ByteWriter(buffer)
        output.put("127.0.0.1 - - [")
        output.put(time.commonLog, length: CommonLogTime.commonLogCount)
        output.put("] \"")
        output.put(method)
        output.put(" ")
        output.put(route)
        output.put(" HTTP/1.")
        output.put(httpMinorVersion)
        output.put("\" ")
        output.put(status)
        output.put(" ")
        output.put(bodyBytes)
        output.put(" \"-\" \"-\"\n")
        if let scored {
            output.put("X-Ms-Request-Id: ")
            scored.requestID.withUnsafeBytes { output.put($0) }
            switch scored.modelKind {
            case .ml: output.put("\nPrediction took ")
            case .dl: output.put("\nPredictions took ")
            }
            output.putMilliseconds(nanoseconds: scored.scoringNanoseconds)
            output.put(" ms\n")
        }
        return output.count
    }
}

// MARK: - Reading

/// What one line of a log means, whichever server wrote the log.
enum ScoringLogLine: Equatable {
    /// A request: UTC seconds, the body's bytes unless the line has `-`, and whether it can have a time.
    case access(secondsSince1970: Int, status: Int, bodyBytes: Int?, isScoring: Bool)
    /// The access line of a client that is not 127.0.0.1.
    case foreignAccess
    /// A whole request in one line of JSON.
    case record(LoggedRequest)
    /// Such a request with a time that cannot be read.
    case recordWithoutTime(LoggedRequest)
    /// How long Azure ML's server took for a request, which counts where the model has logged no time.
    case duration(milliseconds: Double)
    /// The server's own message on standard error, which a container's log may hold between any two lines.
    case message
    case requestID(LoggedRequestID)
    case scoring(milliseconds: Double, modelKind: ModelKind)
    /// Begins like our access line and is not one.
    case malformedAccess(LostRequests)
    case malformedRequestID(isOfTwo: Bool)
    /// Whether a part of another request's line is in it, too.
    case malformedScoring(isOfTwo: Bool)
    /// Holds the beginning of an access line elsewhere than at its start; whether a piece of an id or a time is before it.
    case joinedAccess(LostRequests, isAfterPiece: Bool)
    /// Holds 127.0.0.1 and is not an access line.
    case foreign
    /// The beginning of a line with an id or a time, and no more.
    case piece
    case other

    static let accessPrefix: StaticString = "127.0.0.1 - - ["

    /// Reads one line, in the order in which the original scripts look for their marks.
    ///
    /// - Parameter line: without its line feed.
    init(_ line: UnsafeRawBufferPointer) {
        self =
            if line.contains("127.0.0.1") {
                if line.hasPrefix(Self.accessPrefix) {
                    Self.access(in: line) ?? .malformedAccess(LostRequests(in: line))
                } else if line.contains("127.0.0.1 - - [") {
                    .joinedAccess(LostRequests(in: line), isAfterPiece: Self.beginsAsPiece(line))
                } else {
                    Self.access(in: line) ?? .foreign
                }
            } else if line.contains("Prediction took") {
                Self.scoring(in: line, mark: "Prediction", .ml) ?? .malformedScoring(isOfTwo: Self.isOfTwo(line))
            } else if line.contains("Predictions took") {
                Self.scoring(in: line, mark: "Predictions", .dl) ?? .malformedScoring(isOfTwo: Self.isOfTwo(line))
            } else if line.contains("X-Ms-Request-Id") {
                Self.requestID(in: line) ?? .malformedRequestID(isOfTwo: Self.isOfTwo(line))
            } else {
                Self.others(line)
            }
    }

    /// Whether a line ends as our access lines do, so that nothing of one is missing.
    static func endsAsOwnAccess(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > 8 && line.dropping(line.count - 8).equals(#" "-" "-""#)
    }

    /// Whether lines of two requests are joined: after a time there is another mark, or after an id another id.
    static func isOfTwo(_ line: UnsafeRawBufferPointer) -> Bool {
        let rest = line.dropping(min(1, line.count))
        let isTime = line.first == UInt8(ascii: "P")
        if rest.contains("X-Ms-Request-Id") { return isTime || line.first == UInt8(ascii: "X") }
        return isTime && rest.contains("Prediction")
    }

    private static func others(_ line: UnsafeRawBufferPointer) -> Self {
        if LoggedRecord.begins(line) { return LoggedRecord.read(line) ?? .malformedAccess(.ofRecord) }
        if line.contains("] \""), access(in: line) != nil { return .foreignAccess }
        if let milliseconds = duration(in: line) { return .duration(milliseconds: milliseconds) }
        if beginsAsPiece(line) { return .piece }
        return isMessage(line) ? .message : .other
    }

    /// Whether it begins as a line with an id or a time does, as far as it goes or its first word goes.
    private static func beginsAsPiece(_ line: UnsafeRawBufferPointer) -> Bool {
        let marks: (StaticString, StaticString) = ("X-Ms-Request-Id", "Prediction")
        return isPiece(line, of: marks.0) || isPiece(line, of: marks.1)
    }

    /// The text is ended by an access line that was joined to it, or by its own end.
    private static func isPiece(_ line: UnsafeRawBufferPointer, of mark: StaticString) -> Bool {
        let mark = UnsafeRawBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount)
        var common = 0
        while common < min(line.count, mark.count), line[common] == mark[common] { common += 1 }
        guard common > 0 else { return false }
        return common == min(line.count, mark.count) || line.dropping(common).hasPrefix(accessPrefix)
    }

    /// `2026-11-21T07:26:00+0000 notice bungalow-server: …`
    private static func isMessage(_ line: UnsafeRawBufferPointer) -> Bool {
        var scanner = ByteScanner(line)
        let dash = UInt8(ascii: "-")
        return scanner.decimal(digits: 4) != nil && scanner.skip(dash) && scanner.decimal(digits: 2) != nil
            && scanner.skip(dash) && scanner.decimal(digits: 2) != nil && scanner.skip(UInt8(ascii: "T"))
    }

    /// `POST /score 200 305.413ms 1121`
    private static func duration(in line: UnsafeRawBufferPointer) -> Double? {
        guard line.hasPrefix("POST /") else { return nil }
        var scanner = ByteScanner(line)
        for _ in 0..<2 { _ = scanner.takeToken() }
        guard scanner.takeToken().decimal != nil, let number = scanner.take(before: UInt8(ascii: "m")),
            scanner.skip("s "), scanner.rest.decimal != nil, number.count <= 32, number.first?.isDigit == true
        else { return nil }
        return Double(String(decoding: number, as: UTF8.self))
    }

    /// Whether a request can have a time: a POST, or a GET of a route that scores, but no file such as `/swagger.json`.
    ///
    /// - Parameter request: `POST /predict HTTP/1.1`.
    static func isScoring(_ request: UnsafeRawBufferPointer) -> Bool {
        if request.hasPrefix("POST /predict ") || request.hasPrefix("POST /score ") { return true }
        var scanner = ByteScanner(request)
        let isPost = scanner.takeToken().equals("POST")
        let target = scanner.takeToken()
        let path = target.part(0..<(target.position(of: UInt8(ascii: "?")) ?? target.count))
        var start = 0
        while let slash = path.position(of: UInt8(ascii: "/"), from: start) { start = slash + 1 }
        let name = path.dropping(start)
        if isPost { return name.position(of: UInt8(ascii: ".")) == nil }
        return name.equals("predict") || name.equals("score") || name.equals("test") || name.equals("infer")
    }

    /// Fields split at single spaces; the fourth is the time, and after the quoted request come status and bytes.
    static func access(in line: UnsafeRawBufferPointer) -> Self? {
        var scanner = ByteScanner(line)
        let isOwnClient = scanner.takeToken().equals("127.0.0.1")
        for _ in 0..<2 { _ = scanner.takeToken() }
        let isBracket: (UInt8) -> Bool = { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
        guard let local = CommonLogTime.secondsSince1970(parsing: scanner.takeToken().trimmed(where: isBracket)),
            let zone = CommonLogTime.zoneSeconds(parsing: scanner.takeToken().trimmed(where: isBracket)),
            let request = takeQuoted(&scanner), scanner.skip(.space)
        else { return nil }
        let (statusText, bytesText) = (scanner.takeToken(), scanner.takeToken())
        guard statusText.count == 3, let status = statusText.decimal, status >= 100 else { return nil }
        let bodyBytes = bytesText.decimal
        guard bodyBytes != nil || bytesText.equals("-") else { return nil }
        return .access(
            secondsSince1970: local - zone, status: status, bodyBytes: bodyBytes,
            isScoring: isOwnClient && isScoring(request))
    }

    /// Takes the quoted request. Other servers log the client's path, in which a quote is written as `\"`.
    private static func takeQuoted(_ scanner: inout ByteScanner) -> UnsafeRawBufferPointer? {
        guard scanner.skip(UInt8(ascii: "\"")) else { return nil }
        let start = scanner.position
        while let part = scanner.take(before: UInt8(ascii: "\"")) {
            if part.last != UInt8(ascii: "\\") { return scanner.bytes.part(start..<scanner.position - 1) }
        }
        return nil
    }

    /// `Prediction took 72.81 ms` at the start of the line: the number is the third field and the unit is required.
    private static func scoring(in line: UnsafeRawBufferPointer, mark: StaticString, _ kind: ModelKind) -> Self? {
        var scanner = ByteScanner(line)
        guard scanner.takeToken().equals(mark), scanner.takeToken().equals("took") else { return nil }
        let number = scanner.takeToken()
        guard scanner.takeToken().equals("ms"), let first = number.first, let last = number.last,
            // Digits at both ends: Double would also take "inf", "nan", "0x1p3", "+1", "1." and ".5".
            first.isDigit, last.isDigit, number.count <= 32, !number.contains("x"), !number.contains("X"),
            let milliseconds = Double(String(decoding: number, as: UTF8.self)), milliseconds.isFinite
        else { return nil }
        return .scoring(milliseconds: milliseconds, modelKind: kind)
    }

    /// The text between the first and the second colon, as the original scripts take it.
    private static func requestID(in line: UnsafeRawBufferPointer) -> Self? {
        let colon = UInt8(ascii: ":")
        var scanner = ByteScanner(line)
        // A colon before the mark is one of a stamp, and what follows it no id.
        guard let mark = scanner.take(before: colon)?.trimmed, mark.contains("X-Ms-Request-Id") else { return nil }
        let text = (scanner.take(before: colon) ?? scanner.rest).trimmed
        guard 1...LoggedRequestID.maximumCount ~= text.count, text.countWhile({ $0.isVisible }) == text.count else {
            return nil
        }
        return .requestID(LoggedRequestID(text))
    }
}
