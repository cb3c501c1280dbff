/// One call read from a scoring log.
public struct ScoringLogCall: Sendable, Equatable {
    /// The access line's second, UTC.
    public var secondsSince1970: Int
    /// The access line's status, 100 to 999.
    public var status: Int
    /// Bytes of the answer's body, nil where the line says `-`.
    public var bodyBytes: Int?
    /// Nil if the call was refused, or its scoring line is missing or malformed.
    public var scoringMilliseconds: Double?
    /// The words of the scoring line.
    public var path: ScoringLogBlock.Path?
    var loggedRequestID: LoggedRequestID?

    /// Nil if the block has none: a call is never given another call's id.
    public var requestID: String? {
        get { loggedRequestID?.description }
        set { loggedRequestID = newValue.map(LoggedRequestID.init) }
    }

    /// Makes a call as a log would give it.
    public init(
        secondsSince1970: Int, status: Int, bodyBytes: Int?, requestID: String? = nil,
        scoringMilliseconds: Double? = nil, path: ScoringLogBlock.Path? = nil
    ) {
        self.secondsSince1970 = secondsSince1970
        self.status = status
        self.bodyBytes = bodyBytes
        self.scoringMilliseconds = scoringMilliseconds
        self.path = path
        loggedRequestID = requestID.map(LoggedRequestID.init)
    }
}

/// A request id as it stands in a log, held inline: a copy is a copy of memory and nothing counts references, which
/// matters where there are millions.
struct LoggedRequestID: Sendable, Equatable, CustomStringConvertible {
    /// The longest id, in bytes; other servers' may be longer than ours.
    static let maximumCount = 128

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private var words: (Words, Words) = ((0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0, 0))
    private let count: Int

    /// Takes an id's bytes; what is past the longest id is left out.
    init(_ bytes: UnsafeRawBufferPointer) {
        count = min(bytes.count, Self.maximumCount)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
    }

    init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self(UnsafeRawBufferPointer($0)) }
    }

    var description: String {
        withUnsafeBytes(of: words) { String(decoding: $0[..<count], as: UTF8.self) }
    }

    static func == (left: Self, right: Self) -> Bool { left.description == right.description }
}

/// What a log held, and what was broken or missing in it.
public struct ScoringLogCounts: Sendable, Equatable {
    /// All lines, blank and overlong ones too.
    public var lines = 0
    /// Access lines, each of which is a call.
    public var calls = 0
    /// Well-formed scoring lines, stray ones too.
    public var scoringLines = 0
    /// Calls with a scoring time.
    public var scoredCalls = 0
    /// Calls with a status under 400 and no request id.
    public var missingRequestIDs = 0
    /// Calls with a status under 400 and no scoring time.
    public var missingScoringLines = 0
    /// Request id lines before any call, or after the call's first.
    public var strayRequestIDLines = 0
    /// Scoring lines before any call, or after the call's first.
    public var strayScoringLines = 0
    /// Request id and scoring lines before the first call: the log's beginning is missing.
    public var headlessLines = 0
    /// Scoring lines of the path that was not asked for; they belong to no call.
    public var otherPathLines = 0
    /// Lines that begin as our access line does and are none; what follows belongs to no call.
    public var malformedAccessLines = 0
    /// Lines with `X-Ms-Request-Id` and no id.
    public var malformedRequestIDLines = 0
    /// Lines with `Prediction took` or `Predictions took` elsewhere than at the start, or without number and `ms`.
    public var malformedScoringLines = 0
    /// Lines with 127.0.0.1 that are no access lines.
    public var foreignLines = 0
    /// Lines longer than the limit, not read.
    public var overlongLines = 0
    /// 1 if the log ends within a line that cannot be known to be whole; it is not read.
    public var cutLines = 0
    /// Lines that say nothing about calls.
    public var otherLines = 0

    /// Creates counts of an empty log.
    public init() {}

    /// Adds what another log held.
    public mutating func add(_ other: Self) {
        for count in Self.all { self[keyPath: count] += other[keyPath: count] }
    }

    // A key path is Sendable only where its type says so.
    private static var all: [WritableKeyPath<Self, Int>] {
        [
            \.lines, \.calls, \.scoringLines, \.scoredCalls, \.missingRequestIDs, \.missingScoringLines,
            \.strayRequestIDLines, \.strayScoringLines, \.headlessLines, \.otherPathLines, \.malformedAccessLines,
            \.malformedRequestIDLines, \.malformedScoringLines, \.foreignLines, \.overlongLines, \.cutLines,
            \.otherLines,
        ]
    }
}
