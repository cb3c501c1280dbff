import Bytes

/// How a log arranges the lines of its requests; the first lines of a log show it.
public struct ScoringLogLayout: Sendable, Equatable {
    /// Whether a request's access line was written after its other lines, as Azure ML's server does.
    public var isAccessLast = false
    /// Whether the whole log is turned around, as in exports that are sorted by falling time.
    public var isNewestFirst = false
    /// Whether a request's lines follow each other without another line between them, as our server writes them.
    public var isContiguous = false
    /// Whether the ids are the server's own, 36 bytes long, so that a piece of one can be recognized.
    public var hasOwnIDs = false
    /// Whether the times have four digits after the point.
    public var hasOwnTimes = false

    /// The original scripts' rules.
    public static let original = Self()

    package init(
        isAccessLast: Bool = false, isNewestFirst: Bool = false, isContiguous: Bool = false, hasOwnIDs: Bool = false,
        hasOwnTimes: Bool = false
    ) {
        self.isAccessLast = isAccessLast
        self.isNewestFirst = isNewestFirst
        self.isContiguous = isContiguous
        self.hasOwnIDs = hasOwnIDs
        self.hasOwnTimes = hasOwnTimes
    }

    /// Whether a request's other lines come before its access line as the log is read.
    var readsAccessLast: Bool { isAccessLast != isNewestFirst }
}

/// Finds a log's layout in a sample of its lines.
package struct ScoringLogSample {
    private enum Mark { case access, requestID, scoring, other }

    // The kind of the line before, of each source of lines.
    private var last: [Int: Mark] = [:]
    private var (forward, backward) = (0, 0)
    private var (ids, ownIDs, pieces, times, ownTimes) = (0, 0, 0, 0, 0)
    // Ids that are indented, and those with another line before them.
    private var (indented, spaced) = (0, 0)
    private var (accesses, ownAccesses) = (0, 0)
    // Of each source of lines, since the logs of pods may stand one after the other.
    private var seconds: [Int: (first: Int, last: Int)] = [:]
    // How often a source's time increases and decreases.
    private var (onward, back) = (0, 0)
    private var firstMark: Mark?

    package init() {}

    /// Whether any line is of a scoring log.
    package var hasMarks: Bool { accesses + ids + times > 0 }

    /// Adds a line.
    ///
    /// - Parameter source: distinguishes the lines of pods that are mixed in one log.
    package mutating func add(_ line: UnsafeRawBufferPointer, source: Int) {
        let line = line.last == .carriageReturn ? line.part(0..<line.count - 1) : line
        let mark = mark(of: line, source)
        let before = last.updateValue(mark, forKey: source)
        if mark != .other, firstMark == nil { firstMark = mark }
        if before == .access, mark == .requestID, line.hasPrefix("X-Ms-Request-Id: ") { forward += 1 }
        if before == .requestID, mark == .access { backward += 1 }
        guard mark == .requestID else { return }
        if line.first == .space || line.first == .tab { indented += 1 }
        if before == .other { spaced += 1 }
    }

    private mutating func mark(of line: UnsafeRawBufferPointer, _ source: Int) -> Mark {
        switch ScoringLogLine(line) {
        case .access(_, _, _, isScoring: false): return .other
        case .access(let second, _, _, _):
            accesses += 1
            if ScoringLogLine.endsAsOwnAccess(line) { ownAccesses += 1 }
            addTime(second, source)
            return .access
        case .record(let request), .recordWithoutTime(let request):
            accesses += 1
            ownAccesses += 1
            addTime(request.secondsSince1970, source)
            return .access
        // An access line, if a damaged one.
        case .joinedAccess: return .access
        case .requestID(let id):
            ids += 1
            if id.isOwnForm { ownIDs += 1 } else if id.isPiece { pieces += 1 }
            return .requestID
        case .malformedRequestID:
            // Such as one after a stamp, which still shows the form of the ids.
            if line.count >= 36, LoggedRequestID(line.dropping(line.count - 36)).isOwnForm { ownIDs += 1 }
            return .other
        case .scoring:
            times += 1
            if line.count > 8, line[line.count - 8] == UInt8(ascii: ".") { ownTimes += 1 }
            return .scoring
        default: return .other
        }
    }

    private mutating func addTime(_ second: Int, _ source: Int) {
        let known = seconds[source]
        if let known, second != known.last {
            if second > known.last { onward += 1 } else { back += 1 }
        }
        seconds[source] = (known?.first ?? second, second)
    }

    /// Whether the time goes back as a rule: where logs were joined, it goes back only from one to the next.
    private var isNewestFirst: Bool {
        let turned = seconds.values.count { $0.last < $0.first }
        return back > onward && turned > seconds.values.count { $0.last > $0.first }
    }

    /// The layout that the lines show.
    ///
    /// - Parameter isAzureML: whether they have the stamp of Azure ML's server, or are of its first lines.
    package func layout(isAzureML: Bool) -> ScoringLogLayout {
        let isBack = isNewestFirst
        guard !isAzureML else {
            let isContiguous = 2 * forward > ids
            let isAccessLast = !isContiguous && (isBack || firstMark != .access || times == 0)
            return ScoringLogLayout(isAccessLast: isAccessLast, isNewestFirst: isBack, isContiguous: isContiguous)
        }
        let isOurs =
            ids == 0
            ? times == 0 && ownAccesses == accesses && accesses > 0
            : 2 * indented < ids && (2 * spaced <= ids || 2 * max(forward, backward) >= ids)
        let isTurned = isBack ? backward > forward : backward > 2 * forward + 2
        guard isOurs else { return .original }
        return ScoringLogLayout(
            isNewestFirst: ids == 0 ? isBack && accesses > 2 : isTurned, isContiguous: true,
            hasOwnIDs: ownIDs > 0 && 2 * (ownIDs + pieces) > ids, hasOwnTimes: times > 0 && 2 * ownTimes > times)
    }
}
