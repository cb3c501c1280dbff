import Bytes

/// One request read from a scoring log.
public struct LoggedRequest: Sendable, Equatable {
    /// The access line's second, UTC.
    public var secondsSince1970: Int
    /// The access line's status, 100 to 999.
    public var status: Int
    /// Bytes of the response's body; nil where the line has `-`.
    public var bodyBytes: Int?
    /// Nil if the request was rejected, or its scoring line is missing or malformed.
    public var scoringMilliseconds: Double?
    /// What the scoring line's words mean; nil without one.
    public var modelKind: ModelKind?
    var loggedRequestID: LoggedRequestID?
    /// The id and the time may be another's. They are kept until it is known whether the request is one that was read
    /// before.
    var isDoubtful = false

    /// Nil if the block has none: a request never gets another request's id.
    public var requestID: String? {
        get { loggedRequestID?.description }
        set { loggedRequestID = newValue.map(LoggedRequestID.init) }
    }

    package init(
        secondsSince1970: Int, status: Int, bodyBytes: Int?, requestID: String? = nil,
        scoringMilliseconds: Double? = nil, modelKind: ModelKind? = nil
    ) {
        self.secondsSince1970 = secondsSince1970
        self.status = status
        self.bodyBytes = bodyBytes
        self.scoringMilliseconds = scoringMilliseconds
        self.modelKind = modelKind
        loggedRequestID = requestID.map(LoggedRequestID.init)
    }

    /// A request that was scored.
    @inline(__always)
    init(
        secondsSince1970: Int, status: Int, bodyBytes: Int?, id: LoggedRequestID, scoringMilliseconds: Double,
        modelKind: ModelKind
    ) {
        self.secondsSince1970 = secondsSince1970
        self.status = status
        self.bodyBytes = bodyBytes
        self.scoringMilliseconds = scoringMilliseconds
        self.modelKind = modelKind
        loggedRequestID = id
    }
}

extension LoggedRequest {
    /// Takes note that the id and the time may be another's; false if there are none, or it is known.
    mutating func doubt() -> Bool {
        guard !isDoubtful, scoringMilliseconds != nil || loggedRequestID != nil else { return false }
        isDoubtful = true
        return true
    }

    /// A hash of all that the log has about the request, if its id has the form of the server's own.
    package var serverFingerprint: UInt64? {
        guard let id = loggedRequestID, id.hasOwnLength else { return nil }
        return fingerprint(id: id.fingerprint)
    }

    /// The request without an id and a time that may be another's.
    var withoutDoubtfulLines: Self {
        guard isDoubtful else { return self }
        return Self(secondsSince1970: secondsSince1970, status: status, bodyBytes: bodyBytes)
    }
}

/// A request id as read from a log; of the usual length it is held inline, so that millions of them are copied cheaply.
struct LoggedRequestID: Sendable, Equatable, CustomStringConvertible {
    /// The longest id, in bytes; other servers' may be longer than ours.
    static let maximumCount = 128

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64)
    private static let inlineCount = 40

    // Ids of the server's own form are here; a longer one is in `long`, whole.
    private var words: Words = (0, 0, 0, 0, 0)
    private var long: [UInt8]?
    private let count: Int

    /// Takes an id's bytes, up to the longest id.
    init(_ bytes: UnsafeRawBufferPointer) {
        count = min(bytes.count, Self.maximumCount)
        if count > Self.inlineCount { long = Array(bytes.part(0..<count)) }
        let part = bytes.part(0..<min(count, Self.inlineCount))
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: part) }
    }

    /// Takes an id of the server's own form; nil where there is none.
    @inline(__always)
    init?(ownAt position: Int, in bytes: UnsafeRawBufferPointer) {
        guard bytes.count - position >= 36 else { return nil }
        let text = bytes.part(position..<position + 36)
        let dash = UInt8(ascii: "-")
        guard text[8] == dash, text[13] == dash, text[18] == dash, text[23] == dash else { return nil }
        words = (
            text.loadUnaligned(as: UInt64.self), text.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            text.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            text.loadUnaligned(fromByteOffset: 24, as: UInt64.self),
            UInt64(text.loadUnaligned(fromByteOffset: 32, as: UInt32.self))
        )
        long = nil
        count = 36
        let end = text.loadUnaligned(fromByteOffset: 28, as: UInt64.self)
        let allowed = words.0.digitsOrDashes & words.1.digitsOrDashes & words.2.digitsOrDashes
        guard allowed & words.3.digitsOrDashes & end.digitsOrDashes == 0x8080_8080_8080_8080 else { return nil }
    }

    init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let long { return long.withUnsafeBytes(body) }
        return withUnsafeBytes(of: words) { body($0.part(0..<count)) }
    }

    var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    static func == (left: Self, right: Self) -> Bool { left.description == right.description }

    /// Whether it has the form of the ids that the server makes, 8-4-4-4-12 hexadecimal digits in lower case.
    var isOwnForm: Bool {
        guard hasOwnLength else { return false }
        return withUnsafeBytes(of: words) { bytes in
            for index in 0..<36 where ![8, 13, 18, 23].contains(index) && !bytes[index].isLowercaseHexadecimal {
                return false
            }
            return true
        }
    }

    /// Whether the length and the dashes are those of the server's own form.
    var hasOwnLength: Bool {
        let dash = UInt8(ascii: "-")
        guard count == 36 else { return false }
        return withUnsafeBytes(of: words) { $0[8] == dash && $0[13] == dash && $0[18] == dash && $0[23] == dash }
    }

    /// Whether it looks like a piece of an id of the server's own form.
    var isPiece: Bool {
        guard !hasOwnLength else { return false }
        return withBytes { bytes in
            for byte in bytes where !byte.isLowercaseHexadecimal && byte != UInt8(ascii: "-") { return false }
            return true
        }
    }

    /// A hash of all its bytes.
    @inline(__always)
    var fingerprint: UInt64 {
        // The words beyond the id are zero.
        var hash = UInt64(count).mixed(with: words.0).mixed(with: words.1).mixed(with: words.2)
        hash = hash.mixed(with: words.3).mixed(with: words.4)
        guard count > Self.inlineCount, let long else { return hash }
        for byte in long { hash = hash.mixed(with: UInt64(byte)) }
        return hash
    }
}

extension UInt8 {
    fileprivate var isLowercaseHexadecimal: Bool { isDigit || self &- UInt8(ascii: "a") < 6 }
}

extension UInt64 {
    /// The highest bit of each byte that is a lower-case hexadecimal digit or a dash.
    @inline(__always)
    fileprivate var digitsOrDashes: UInt64 {
        // Of a byte below 128, a sum's highest bit says whether it is at least what the other number lacks to 128.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let digits = (self &+ 0x50 &* ones) & ~(self &+ 0x46 &* ones)
        let letters = (self &+ 0x1F &* ones) & ~(self &+ 0x19 &* ones)
        let dashes = (self &+ 0x53 &* ones) & ~(self &+ 0x52 &* ones)
        return (digits | letters | dashes) & ~self & (0x80 &* ones)
    }

    /// One step of a hash: the upper half of a product joins the lower, so that every bit reaches every other.
    @inline(__always)
    func mixed(with word: UInt64) -> UInt64 {
        let (high, low) = (self ^ word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }
}

extension LoggedRequest {
    /// A hash of all that the log has about the request.
    var fingerprint: UInt64 { fingerprint(id: loggedRequestID?.fingerprint) }

    /// The same, where the id's hash is known.
    @inline(__always)
    func fingerprint(id: UInt64?) -> UInt64 {
        let hash = UInt64(bitPattern: Int64(secondsSince1970))
            .mixed(with: UInt64(truncatingIfNeeded: status << 48 ^ (bodyBytes ?? -1)))
            .mixed(with: scoringMilliseconds?.bitPattern ?? 1)
        return hash.mixed(with: id ?? 0)
    }
}

/// What a log holds, and what is broken or missing in it.
public struct ScoringLogCounts: Sendable, Equatable {
    /// All lines, including blank and overlong ones.
    public var lines = 0
    /// Access lines; each begins a request.
    public var requests = 0
    /// Well-formed scoring lines, including stray ones.
    public var scoringLines = 0
    /// Requests with a scoring time.
    public var scoredRequests = 0
    /// Requests with a status under 400 and no request id.
    public var missingRequestIDs = 0
    /// Requests with a status under 400 and no scoring time.
    public var missingScoringLines = 0
    /// Request id lines before any request, or after the request's first.
    public var strayRequestIDLines = 0
    /// Scoring lines before any request, or after the request's first.
    public var strayScoringLines = 0
    /// Request id and scoring lines before the first request: the log's beginning is missing.
    public var headlessLines = 0
    /// Scoring lines of the model kind that was not asked for; they belong to no request.
    public var otherKindLines = 0
    /// Lines that begin like our access line and are not one; what follows belongs to no request.
    public var malformedAccessLines = 0
    /// Lines with `X-Ms-Request-Id` and without an id.
    public var malformedRequestIDLines = 0
    /// Lines with `Prediction took` or `Predictions took` elsewhere than at the start, or without number and `ms`.
    public var malformedScoringLines = 0
    /// Lines with 127.0.0.1 that are not access lines, and access lines of other clients or paths.
    public var foreignLines = 0
    /// Lines longer than the limit, which are not read.
    public var overlongLines = 0
    /// 1 if the log ends within a line that may be incomplete and is not read, or after the access line of a request
    /// that has more lines.
    public var cutLines = 0
    /// Lines that are not about requests.
    public var otherLines = 0
    /// Requests beside torn or mixed lines, whose ids and times are not used: each could be another request's.
    public var mixedRequests = 0
    /// Requests with a status under 400 with only their access line, which may be another request's, doubled.
    public var bareRequests = 0
    /// Requests that the log holds a second time, byte for byte, in a run of at least three; they count once.
    public var repeatedRequests = 0
    /// Requests with an id that an earlier request has, too.
    public var repeatedIDs = 0
    /// Requests that are equal in everything to an earlier one, id of the server's form included, and count again.
    public var doubledRequests = 0
    /// Places where the time goes back by more than a second.
    public var timesBack = 0

    package init() {}

    /// Adds another log's counts.
    public mutating func add(_ other: Self) {
        for count in Self.all { self[keyPath: count] += other[keyPath: count] }
    }

    // A key path is Sendable only where its type says so.
    private static var all: [WritableKeyPath<Self, Int>] {
        [
            \.lines, \.requests, \.scoringLines, \.scoredRequests, \.missingRequestIDs, \.missingScoringLines,
            \.strayRequestIDLines, \.strayScoringLines, \.headlessLines, \.otherKindLines, \.malformedAccessLines,
            \.malformedRequestIDLines, \.malformedScoringLines, \.foreignLines, \.overlongLines, \.cutLines,
            \.otherLines, \.mixedRequests, \.bareRequests, \.repeatedRequests, \.repeatedIDs, \.doubledRequests,
            \.timesBack,
        ]
    }
}
