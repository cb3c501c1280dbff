public import Bytes

/// One request as one JSON object on one line: the log of `SCORING_LOG=json`.
///
///     {"time":"2026-11-21T07:26:00.123Z","request_id":"…","route":"/predict","status":200,"records":4,
///      "cache":"miss","validate_ms":0.0041,"cache_ms":0.2100,"score_ms":0.0312,"traceparent":"00-…-01"}
///
/// Keys in this order, on one line; nil values are left out. Durations are milliseconds with four digits after the
/// point.
public struct ScoringLogRecord: Sendable {
    /// The second of the response, UTC.
    public var time: CommonLogTime
    /// 0 to 999 within the second.
    public var millisecond: Int
    /// Also escaped if it holds the text log's mark.
    public var requestID: RequestID
    /// A literal of the program, so that no client's text reaches the log.
    public var route: StaticString
    /// The response's status.
    public var status: Int
    /// Records in the batch; nil if the request was rejected before they were counted.
    public var records: Int?
    /// The word for what became of the look-up, a literal of the program; nil if the request has nothing to do with the cache.
    public var cache: StaticString?
    /// Time spent on validation.
    public var validateNanoseconds: UInt64?
    /// Time spent on the look-up.
    public var cacheNanoseconds: UInt64?
    /// Time spent in the model.
    public var scoreNanoseconds: UInt64?
    /// The caller's W3C trace context; only the first 128 bytes are written.
    public var traceparent: String?

    private static let maximumTraceparentCount = 128

    /// Makes a record of what every request has; set the rest where it is known.
    public init(time: CommonLogTime, millisecond: Int, requestID: RequestID, route: StaticString, status: Int) {
        self.time = time
        self.millisecond = millisecond
        self.requestID = requestID
        self.route = route
        self.status = status
    }

    /// The most that `encode` writes, in bytes.
    public var maximumByteCount: Int {
        // Keys and punctuation 156, numbers and times 150; a byte of text may become `\u0000`.
        let words = route.utf8CodeUnitCount + (cache?.utf8CodeUnitCount ?? 0)
        return 320 + 6 * (RequestID.maximumCount + words + min(traceparent?.utf8.count ?? 0, 128))
    }

    /// Writes the object and a line feed, without allocation.
    ///
    /// - Parameter buffer: room for at least `maximumByteCount` bytes; less traps.
    /// - Returns: how many bytes were written.
    public func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= maximumByteCount, "too little room for a record of the scoring log")
        var output = ByteWriter(buffer)
        output.put("{\"time\":\"")
        output.put(time.rfc3339, length: CommonLogTime.rfc3339Count)
        output.put(".")
        output.put(min(millisecond, 999), digits: 3)
        output.put("Z\",\"request_id\":\"")
        requestID.withUnsafeBytes { Self.putEscaped($0, into: &output) }
        output.put("\",\"route\":\"")
        route.withUTF8Buffer { Self.putEscaped(UnsafeRawBufferPointer($0), into: &output) }
        output.put("\",\"status\":")
        output.put(status)
        if let records {
            output.put(",\"records\":")
            output.put(records)
        }
        if let cache {
            output.put(",\"cache\":\"")
            cache.withUTF8Buffer { Self.putEscaped(UnsafeRawBufferPointer($0), into: &output) }
            output.put("\"")
        }
        Self.put(",\"validate_ms\":", validateNanoseconds, into: &output)
        Self.put(",\"cache_ms\":", cacheNanoseconds, into: &output)
        Self.put(",\"score_ms\":", scoreNanoseconds, into: &output)
        putTraceparent(into: &output)
        output.put("}\n")
        return output.count
    }

    private static func put(_ key: StaticString, _ nanoseconds: UInt64?, into output: inout ByteWriter) {
        guard let nanoseconds else { return }
        output.put(key)
        output.putMilliseconds(nanoseconds: nanoseconds)
    }

    private func putTraceparent(into output: inout ByteWriter) {
        guard var traceparent else { return }
        output.put(",\"traceparent\":\"")
        traceparent.withUTF8 { bytes in
            let cut = UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(bytes).prefix(Self.maximumTraceparentCount))
            Self.putEscaped(cut, into: &output)
        }
        output.put("\"")
    }

    /// Writes printable ASCII as it is, and any other byte as an escape, so that no text can break the line.
    private static func putEscaped(_ bytes: UnsafeRawBufferPointer, into output: inout ByteWriter) {
        for byte in bytes {
            switch byte {
            // `X` too: an id may be `X-Ms-Request-Id`, which the log's readers look for in the raw line.
            case 0x00...0x1F, 0x7F...0xFF, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "X"):
                output.put("\\u00")
                output.putHexadecimal(byte)
            default:
                output.put(byte)
            }
        }
    }
}
