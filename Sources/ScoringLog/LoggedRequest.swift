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
}

/// A request id as read from a log, held inline: copying millions of them counts no references.
struct LoggedRequestID: Sendable, Equatable, CustomStringConvertible {
    /// The longest id, in bytes; other servers' may be longer than ours.
    static let maximumCount = 128

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private var words: (Words, Words) = ((0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0, 0))
    private let count: Int

    /// Takes an id's bytes, up to the longest id.
    init(_ bytes: UnsafeRawBufferPointer) {
        count = min(bytes.count, Self.maximumCount)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes.part(0..<count)) }
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

/// What a log holds, and what is broken or missing in it.
public struct ScoringLogCounts: Sendable, Equatable {
    /// All lines, including blank and overlong ones.
    public var lines = 0
    /// Access lines, each of which begins a request.
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
    /// Lines with 127.0.0.1 that are not access lines.
    public var foreignLines = 0
    /// Lines longer than the limit, which are not read.
    public var overlongLines = 0
    /// 1 if the log ends within a line that may be incomplete; it is not read.
    public var cutLines = 0
    /// Lines that are not about requests.
    public var otherLines = 0

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
            \.otherLines,
        ]
    }
}
