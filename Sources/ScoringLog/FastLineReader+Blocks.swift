import Bytes

/// Whole blocks of requests that were scored, which are nearly all of a log.
///
/// Most access lines begin as the one before, up to the status: one comparison reads them. What is not exactly as our
/// encoder writes it is left to the other readers.
extension FastLineReader {
    /// The beginning of the last access line of a request for scores, up to its status.
    struct AccessHead: Sendable {
        // The first 64 bytes, and the last eight, which may overlap the 64.
        fileprivate var first = SIMD8<UInt64>()
        fileprivate var last: UInt64 = 0
        /// 64 to 72, or 0 where nothing is known.
        fileprivate var count = 0
        fileprivate var secondsSince1970 = 0
    }

    /// What an access line of our own form says.
    typealias OwnAccess = (secondsSince1970: Int, status: Int, bodyBytes: Int)

    /// Our longest block of a scored request has 84 + 54 + 39 bytes; with as many before the end nothing looks past it.
    private static let maximumBlockByteCount = 256

    /// Takes the block that comes next; nil where something else does, or the end is near.
    ///
    /// - Parameter wantedKind: of the scoring line; nil for both.
    @inline(__always)
    mutating func takeBlock(_ scanner: inout ByteScanner, only wantedKind: ModelKind?) -> LoggedRequest? {
        var next = scanner
        guard next.bytes.count - next.position >= Self.maximumBlockByteCount,
            let access = takeAccess(&next), access.status < 400, next.skip("\nX-Ms-Request-Id: "),
            let id = LoggedRequestID(ownAt: next.position, in: next.bytes), next.take(36) != nil,
            next.skip(.lineFeed), let (milliseconds, kind) = Self.takeScoring(&next), next.skip(.lineFeed),
            kind == wantedKind ?? kind
        else { return nil }
        scanner = next
        return LoggedRequest(
            secondsSince1970: access.secondsSince1970, status: access.status, bodyBytes: access.bodyBytes, id: id,
            scoringMilliseconds: milliseconds, modelKind: kind)
    }

    /// Reads an access line of our own form.
    @inline(__always)
    mutating func ownAccess(_ line: UnsafeRawBufferPointer) -> OwnAccess? {
        var scanner = ByteScanner(line)
        guard let access = takeAccess(&scanner), scanner.isAtEnd else { return nil }
        return access
    }

    /// Reads a scoring line of our own form.
    @inline(__always)
    func ownScoring(_ line: UnsafeRawBufferPointer) -> (milliseconds: Double, kind: ModelKind)? {
        var scanner = ByteScanner(line)
        guard let scoring = Self.takeScoring(&scanner), scanner.isAtEnd else { return nil }
        return scoring
    }

    /// Takes an access line without its line feed.
    @inline(__always)
    private mutating func takeAccess(_ scanner: inout ByteScanner) -> OwnAccess? {
        let bytes = scanner.rest
        guard bytes.count >= 80, bytes[0] == UInt8(ascii: "1"), hasHead(bytes) || learnHead(bytes) else { return nil }
        var rest = ByteScanner(scanner.bytes, from: scanner.position + lastHead.count)
        guard let status = rest.decimal(digits: 3), status >= 100, rest.skip(.space), let bodyBytes = rest.decimal(),
            rest.skip(#" "-" "-""#)
        else { return nil }
        scanner = rest
        return (lastHead.secondsSince1970, status, bodyBytes)
    }

    @inline(__always)
    private func hasHead(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard lastHead.count > 0 else { return false }
        let first = bytes.loadUnaligned(as: SIMD8<UInt64>.self) ^ lastHead.first
        let four = first.lowHalf | first.highHalf
        let two = four.lowHalf | four.highHalf
        let last = bytes.loadUnaligned(fromByteOffset: lastHead.count - 8, as: UInt64.self) ^ lastHead.last
        return two[0] | two[1] | last == 0
    }

    /// Reads the beginning of an access line whose time or request is not that of the one before.
    @inline(never)
    private mutating func learnHead(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let line = bytes.part(0..<(bytes.position(of: .lineFeed) ?? bytes.count))
        guard case .access(let second, _, _, isScoring: true)? = read(line),
            let start = line.position(of: UInt8(ascii: "\"")),
            let end = line.position(of: UInt8(ascii: "\""), from: start + 1), 64...72 ~= end + 2
        else { return false }
        lastHead.first = bytes.loadUnaligned(as: SIMD8<UInt64>.self)
        lastHead.last = bytes.loadUnaligned(fromByteOffset: end + 2 - 8, as: UInt64.self)
        (lastHead.count, lastHead.secondsSince1970) = (end + 2, second)
        return true
    }

    /// Takes `Prediction took 0.0312 ms`, or `Predictions`.
    @inline(__always)
    private static func takeScoring(_ scanner: inout ByteScanner) -> (milliseconds: Double, kind: ModelKind)? {
        guard scanner.skip("Prediction") else { return nil }
        let isDL = scanner.skip(UInt8(ascii: "s"))
        // Both numbers are exact doubles, so that one rounding gives the nearest double to the text.
        guard scanner.skip(" took "), let whole = scanner.decimal(), whole <= 1_000_000_000,
            scanner.skip(UInt8(ascii: ".")), let fraction = scanner.decimal(digits: 4), scanner.skip(" ms")
        else { return nil }
        return (Double(whole * 10_000 + fraction) / 10_000, isDL ? .dl : .ml)
    }
}
