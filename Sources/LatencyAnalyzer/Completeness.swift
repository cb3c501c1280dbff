/// Whether the logs hold every request that the servers responded to: complete only if that was proven.
///
/// Written as one line, which `init(line:)` reads back:
///
///     Complete: 30000 of 30000 requests, by the servers' counters
///     INCOMPLETE: 20218 of 30000 requests, by the servers' counters
///     MORE THAN EXPECTED: 17 of 5 requests, by --expect
///     Not checked: nothing says how many requests there should be; --expect, --metrics or --counters do
public enum Completeness: Sendable, Equatable {
    /// Proven; the text is the proof.
    case complete(String)
    /// Requests are missing or, as a surplus, there are more than were counted; the text gives the numbers.
    case incomplete(String, isSurplus: Bool = false)
    /// It is not known; the text is the reason.
    case notChecked(String)

    /// The line, without a line feed.
    public var line: String { "\(word)\(words)" }

    /// Reads a line; nil if it is about something else.
    public init?(line: some StringProtocol) {
        let known: [Self] = [.complete(""), .incomplete(""), .incomplete("", isSurplus: true), .notChecked("")]
        guard let verdict = known.first(where: { line.hasPrefix($0.word) }) else { return nil }
        let words = String(line.dropFirst(verdict.word.count))
        switch verdict {
        case .complete: self = .complete(words)
        case .incomplete(_, let isSurplus): self = .incomplete(words, isSurplus: isSurplus)
        case .notChecked: self = .notChecked(words)
        }
    }

    private var word: String {
        switch self {
        case .complete: "Complete: "
        case .incomplete(_, let isSurplus): isSurplus ? "MORE THAN EXPECTED: " : "INCOMPLETE: "
        case .notChecked: "Not checked: "
        }
    }

    /// The proof, what is missing, or the reason.
    public var words: String {
        switch self {
        case .complete(let words), .incomplete(let words, _), .notChecked(let words): words
        }
    }
}

extension Completeness {
    static let noCount = Self.notChecked(
        "nothing says how many requests there should be; --expect, --metrics or --counters do")

    /// Judges the number of requests that were read.
    ///
    /// - Parameters:
    ///   - gaps: what is known to be missing, one sentence each; a count that is right disproves them.
    ///   - losses: lines that show that requests are missing, one sentence each; where the count is right nevertheless,
    ///     others are there twice.
    ///   - doubts: why a count that is right proves nothing, one sentence each.
    init(
        found: Int, expected: Analysis.ExpectedCalls?, gaps: [String], losses: [String] = [], doubts: [String] = []
    ) {
        let reasons = (gaps + losses + doubts).map { "; \($0)" }.joined()
        guard let expected else {
            self =
                found == 0
                ? .incomplete("no request was read\(reasons)")
                : !(gaps + losses).isEmpty
                    ? .incomplete("\(found) of an unknown number of requests\(reasons)")
                    : doubts.isEmpty ? .noCount : .notChecked("\(found) requests were read\(reasons)")
            return
        }
        let least = expected.isLeast ? "at least " : ""
        let count = "\(found) of \(least)\(expected.calls) requests, by \(expected.source)"
        if found != expected.calls {
            self = .incomplete(count + reasons, isSurplus: found > expected.calls)
        } else if found == 0 {
            self = .notChecked("no request was read\(reasons)")
        } else {
            self = (losses + doubts).isEmpty ? .complete(count) : .notChecked(count + reasons)
        }
    }
}
