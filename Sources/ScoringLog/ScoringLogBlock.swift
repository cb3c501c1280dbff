public import Bytes
import Foundation

/// One call's block of the scoring log, and the reading of its lines: the format of the log is in this file.
///
/// `OwnLineReader` is a faster way to read what is written here, and knows no other line.
///
/// A scored call, 126 bytes and more; a refused call (`scored` is nil) is the first line only:
///
///     127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"
///     X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
///     Prediction took 0.0312 ms
///
/// The format's source is the AKS latency-detection scripts, which read exactly these three lines.
public struct ScoringLogBlock: Sendable {
    /// The words before the scoring time.
    public enum Path: Sendable, Hashable {
        /// `Prediction took`
        case ml
        /// `Predictions took`
        case dl
    }

    /// What only a scored call has.
    public struct Scored: Sendable {
        /// The call's id.
        public var requestID: RequestID
        /// From the start of the cache look-up until the predictions are in hand.
        public var scoringNanoseconds: UInt64
        /// The words before the scoring time.
        public var path: Path

        /// Makes the second and third line's content.
        public init(requestID: RequestID, scoringNanoseconds: UInt64, path: Path) {
            self.requestID = requestID
            self.scoringNanoseconds = scoringNanoseconds
            self.path = path
        }
    }

    /// The second of the answer.
    public var time: CommonLogTime
    /// The method as a literal of the program, so that no client's text reaches the log.
    public var method: StaticString
    /// The route as a literal of the program, so that no client's text reaches the log.
    public var route: StaticString
    /// The `1` of `HTTP/1.1`.
    public var httpMinorVersion: Int
    /// The answer's status.
    public var status: Int
    /// Bytes of the answer's body.
    public var bodyBytes: Int
    /// Nil for a refused call.
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
    /// An upper bound of what `encode` writes, in bytes.
    public var maximumByteCount: Int {
        // Literals and time 77, three numbers of at most 19 digits, id line 82, scoring line 41: 257.
        288 + method.utf8CodeUnitCount + route.utf8CodeUnitCount
    }

    /// Writes the block's bytes, each line with its line feed, without allocation.
    ///
    /// - Parameter buffer: room for at least `maximumByteCount` bytes; less is a programmer's error and traps.
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
            switch scored.path {
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

/// What one line of a log says, whoever wrote the log.
enum ScoringLogLine: Equatable {
    /// A call begins: UTC seconds, and the body's bytes unless the line says `-`.
    case access(secondsSince1970: Int, status: Int, bodyBytes: Int?)
    case requestID(LoggedRequestID)
    case scoring(milliseconds: Double, path: ScoringLogBlock.Path)
    /// Begins as our access line does and does not go on as one.
    case malformedAccess
    case malformedRequestID
    case malformedScoring
    /// Holds 127.0.0.1 and is no access line.
    case foreign
    case other

    static let accessPrefix: StaticString = "127.0.0.1 - - ["

    /// Reads one line, in the order in which the original scripts look for their marks.
    ///
    /// - Parameter line: without its line feed.
    init(_ line: LineBytes) {
        self =
            if line.contains("127.0.0.1") {
                Self.access(in: line) ?? (line.hasPrefix(Self.accessPrefix) ? .malformedAccess : .foreign)
            } else if line.contains("Prediction took") {
                Self.scoring(in: line, mark: "Prediction", path: .ml) ?? .malformedScoring
            } else if line.contains("Predictions took") {
                Self.scoring(in: line, mark: "Predictions", path: .dl) ?? .malformedScoring
            } else if line.contains("X-Ms-Request-Id") {
                Self.requestID(in: line) ?? .malformedRequestID
            } else {
                .other
            }
    }

    /// Fields split at single spaces; the fourth is the time, and after the quoted request come status and bytes.
    private static func access(in line: LineBytes) -> Self? {
        var rest = line
        for _ in 0..<3 { _ = rest.nextToken() }
        let isBracket: (UInt8) -> Bool = { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
        guard let local = CommonLogTime.secondsSince1970(parsing: rest.nextToken().trimmed(where: isBracket)),
            let zone = CommonLogTime.zoneSeconds(parsing: rest.nextToken().trimmed(where: isBracket)),
            rest.first == UInt8(ascii: "\""), let end = closingQuote(in: rest.dropFirst())
        else { return nil }
        rest = rest[(end + 1)...]
        guard rest.first == UInt8(ascii: " ") else { return nil }
        rest = rest.dropFirst()
        let (statusText, bytesText) = (rest.nextToken(), rest.nextToken())
        guard statusText.count == 3, let status = statusText.decimal, status >= 100 else { return nil }
        if bytesText.isEqual(to: "-") {
            return .access(secondsSince1970: local - zone, status: status, bodyBytes: nil)
        }
        guard let bodyBytes = bytesText.decimal else { return nil }
        return .access(secondsSince1970: local - zone, status: status, bodyBytes: bodyBytes)
    }

    /// Other servers log the client's path, in which a quote is written as `\"`.
    private static func closingQuote(in text: LineBytes) -> Int? {
        var rest = text
        while let quote = rest.position(of: UInt8(ascii: "\"")) {
            if quote == text.startIndex || text[quote - 1] != UInt8(ascii: "\\") { return quote }
            rest = rest[(quote + 1)...]
        }
        return nil
    }

    /// `Prediction took 72.81 ms`, at line start: the number is the third field and the unit must be there.
    private static func scoring(in line: LineBytes, mark: StaticString, path: ScoringLogBlock.Path) -> Self? {
        var rest = line
        guard rest.nextToken().isEqual(to: mark), rest.nextToken().isEqual(to: "took") else { return nil }
        let number = rest.nextToken()
        guard rest.nextToken().isEqual(to: "ms"), let first = number.first, let last = number.last,
            // Digits at both ends: Double would also take "inf", "nan", "0x1p3", "+1", "1." and ".5".
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= last,
            number.count <= 32, !number.contains("x"), !number.contains("X"),
            let milliseconds = Double(String(decoding: number, as: UTF8.self)), milliseconds.isFinite
        else { return nil }
        return .scoring(milliseconds: milliseconds, path: path)
    }

    /// The text between the first and the second colon, as the original scripts take it.
    private static func requestID(in line: LineBytes) -> Self? {
        guard let colon = line.position(of: UInt8(ascii: ":")) else { return nil }
        let rest = line[(colon + 1)...]
        let text = rest[..<(rest.position(of: UInt8(ascii: ":")) ?? rest.endIndex)]
            .trimmed { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard !text.isEmpty, text.count <= LoggedRequestID.maximumCount,
            text.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        return .requestID(LoggedRequestID(UnsafeRawBufferPointer(rebasing: text)))
    }
}
