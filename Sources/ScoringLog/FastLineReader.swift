import Bytes
import Platform

/// Reads the lines that our own encoder writes, without a search or an allocation, since a log has millions.
///
/// What it reads, it reads exactly as `ScoringLogLine` does. Lines in any other form are left to `ScoringLogLine`.
struct FastLineReader: Sendable {
    var lastHead = AccessHead()
    // The last access line's time as its 26 bytes, in four words; the last two overlap: most lines of a busy
    // log are of the same second as the line before.
    private var timeWords: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var secondsSince1970 = 0

    private static let timeStart = ScoringLogLine.accessPrefix.utf8CodeUnitCount
    private static let timeEnd = timeStart + CommonLogTime.commonLogCount

    /// Reads one line.
    ///
    /// - Parameter line: without its line feed and carriage return.
    /// - Returns: nil if the line has another form.
    @inline(__always)
    mutating func read(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        guard line.count >= 16 else { return nil }
        switch line[0] {
        case UInt8(ascii: "1"): return access(line)
        case UInt8(ascii: "X"): return requestID(line)
        case UInt8(ascii: "P"): return scoring(line)
        default: return nil
        }
    }

    /// `127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"`
    @inline(__always)
    private mutating func access(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        guard line.hasPrefix(ScoringLogLine.accessPrefix), line.count > Self.timeEnd else { return nil }
        var scanner = ByteScanner(line, from: Self.timeEnd)
        guard scanner.skip("] \""), let seconds = time(in: line),
            let request = scanner.take(before: UInt8(ascii: "\"")),
            // After a backslash the quote may be one that the client sent.
            request.last != UInt8(ascii: "\\"),
            scanner.skip(.space), let status = scanner.decimal(digits: 3), status >= 100,
            scanner.skip(.space), let bodyBytes = scanner.decimal(), scanner.isAtEnd || scanner.skip(.space)
        else { return nil }
        return .access(
            secondsSince1970: seconds, status: status, bodyBytes: bodyBytes,
            isScoring: ScoringLogLine.isScoring(request))
    }

    @inline(__always)
    private mutating func time(in line: UnsafeRawBufferPointer) -> Int? {
        let start = Self.timeStart
        let words = (
            line.loadUnaligned(fromByteOffset: start, as: UInt64.self),
            line.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self),
            line.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self),
            line.loadUnaligned(fromByteOffset: start + 18, as: UInt64.self)
        )
        if words != timeWords {
            var scanner = ByteScanner(line.part(start..<Self.timeEnd))
            guard let time = scanner.take(before: .space),
                let local = CommonLogTime.secondsSince1970(parsing: time),
                let zone = CommonLogTime.zoneSeconds(parsing: scanner.rest)
            else { return nil }
            timeWords = words
            secondsSince1970 = local - zone
        }
        return secondsSince1970
    }

    /// `X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f`
    @inline(__always)
    private func requestID(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        var scanner = ByteScanner(line)
        guard scanner.skip("X-Ms-Request-Id: ") else { return nil }
        let text = scanner.rest
        guard 1...RequestID.maximumCount ~= text.count, RequestID.allows(text) else { return nil }
        return .requestID(LoggedRequestID(text))
    }

    /// `Prediction took 0.0312 ms`, or `Predictions`.
    @inline(__always)
    private func scoring(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        var scanner = ByteScanner(line)
        let isML = scanner.skip("Prediction took ")
        guard isML || scanner.skip("Predictions took "), let whole = scanner.decimal(), scanner.skip(UInt8(ascii: "."))
        else { return nil }
        let fractionStart = scanner.position
        guard let fraction = scanner.decimal() else { return nil }
        let digits = scanner.position - fractionStart
        // Up to here both numbers are exact doubles, so the one rounding of the division gives the nearest double,
        // as reading the text does.
        guard digits <= 6, whole <= 1_000_000_000, scanner.skip(" ms"), scanner.isAtEnd else { return nil }
        let scale = Self.powersOfTen[digits]
        return .scoring(milliseconds: Double(whole * Int(scale) + fraction) / scale, modelKind: isML ? .ml : .dl)
    }

    private static let powersOfTen: SIMD8<Double> = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7]
}
