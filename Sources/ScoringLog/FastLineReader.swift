import Foundation

/// Reads the lines as our own encoder writes them, without a search or an allocation; a log has millions.
///
/// Whatever it reads, it reads as `ScoringLogLine` does; whatever is written in another way it leaves to it.
struct OwnLineReader: Sendable {
    // The last access line's time as its 26 bytes, in four words of which the last two overlap: most lines of a busy
    // log are of the second of the line before.
    private var timeWords: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var secondsSince1970 = 0

    private static let timeStart = ScoringLogLine.accessPrefix.utf8CodeUnitCount
    private static let requestStart = timeStart + CommonLogTime.commonLogCount + "] \"".utf8.count

    /// Reads one line.
    ///
    /// - Parameter line: without its line feed and carriage return.
    /// - Returns: nil if the line may be anything else.
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
        guard line.starts(with: ScoringLogLine.accessPrefix), line.count > Self.requestStart,
            line.holds("] \"", at: Self.requestStart - 3),
            let seconds = time(in: line),
            let quote = line.position(of: UInt8(ascii: "\""), from: Self.requestStart),
            // Behind a backslash it may be a quote of the client's.
            line[quote - 1] != UInt8(ascii: "\\"), quote + 6 < line.count,
            line[quote + 1] == UInt8(ascii: " "), line[quote + 5] == UInt8(ascii: " ")
        else { return nil }
        var position = quote + 2
        guard let status = line.decimal(from: &position), position == quote + 5, status >= 100 else { return nil }
        position += 1
        guard let bodyBytes = line.decimal(from: &position),
            position == line.count || line[position] == UInt8(ascii: " ")
        else { return nil }
        return .access(secondsSince1970: seconds, status: status, bodyBytes: bodyBytes)
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
            let text = line[start..<start + CommonLogTime.commonLogCount]
            guard let local = CommonLogTime.secondsSince1970(parsing: text.prefix(20)), text[start + 20] == 0x20,
                let zone = CommonLogTime.zoneSeconds(parsing: text.suffix(5))
            else { return nil }
            timeWords = words
            secondsSince1970 = local - zone
        }
        return secondsSince1970
    }

    /// `X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f`
    @inline(__always)
    private func requestID(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        let name: StaticString = "X-Ms-Request-Id: "
        guard line.starts(with: name), line.count - name.utf8CodeUnitCount <= RequestID.maximumCount else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: line[name.utf8CodeUnitCount...])
        guard !text.isEmpty, RequestID.allows(text) else { return nil }
        return .requestID(LoggedRequestID(text))
    }

    /// `Prediction took 0.0312 ms`, or `Predictions`.
    @inline(__always)
    private func scoring(_ line: UnsafeRawBufferPointer) -> ScoringLogLine? {
        let path: ScoringLogBlock.Path
        var position: Int
        if line.starts(with: "Prediction took ") {
            (path, position) = (.ml, 16)
        } else if line.starts(with: "Predictions took ") {
            (path, position) = (.dl, 17)
        } else {
            return nil
        }
        guard let whole = line.decimal(from: &position), position < line.count, line[position] == UInt8(ascii: ".")
        else { return nil }
        position += 1
        let fractionStart = position
        guard let fraction = line.decimal(from: &position), line.count == position + 3,
            line.holds(" ms", at: position)
        else { return nil }
        let digits = position - fractionStart
        // Up to here both numbers are exact doubles, so the one rounding of the division gives the nearest double,
        // as reading the text does.
        guard digits <= 6, whole <= 1_000_000_000 else { return nil }
        let scale = Self.powersOfTen[digits]
        return .scoring(milliseconds: Double(whole * Int(scale) + fraction) / scale, path: path)
    }

    private static let powersOfTen: SIMD8<Double> = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7]
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate func starts(with literal: StaticString) -> Bool { holds(literal, at: 0) }

    @inline(__always)
    fileprivate func holds(_ literal: StaticString, at position: Int) -> Bool {
        guard let start = baseAddress, position >= 0, count - position >= literal.utf8CodeUnitCount else {
            return false
        }
        return memcmp(start + position, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }

    @inline(__always)
    fileprivate func position(of byte: UInt8, from position: Int) -> Int? {
        guard let start = baseAddress, position < count,
            let found = memchr(start + position, Int32(byte), count - position)
        else { return nil }
        return UnsafeRawPointer(found) - start
    }

    /// The digits from a position on, at most 18, so that no number is past Int; nil if there are none or more.
    @inline(__always)
    fileprivate func decimal(from position: inout Int) -> Int? {
        let first = position
        var value = 0
        while position < count {
            let digit = self[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int(digit)
            position += 1
            guard position - first <= 18 else { return nil }
        }
        return position == first ? nil : value
    }
}
