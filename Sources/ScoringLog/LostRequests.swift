import Bytes

/// What a line shows of the requests whose access lines are damaged in it.
struct LostRequests: Equatable {
    /// Which lines of a request can still follow.
    enum Rest { case idAndTime, time, nothing }

    /// Of the last of the requests.
    let rest: Rest
    /// Whether another request is lost in the same line. Nothing shows what is missing of it.
    let areSeveral: Bool

    /// A record is a whole request.
    static let ofRecord = Self(rest: .nothing, areSeveral: false)

    private init(rest: Rest, areSeveral: Bool) {
        self.rest = rest
        self.areSeveral = areSeveral
    }

    /// Looks for the marks of a request's lines.
    ///
    /// - Parameter line: holds the beginning of at least one access line.
    init(in line: UnsafeRawBufferPointer) {
        var (last, count) = (0, 0)
        var start = 0
        while let found = line.position(of: UInt8(ascii: "1"), from: start) {
            start = found + 1
            guard line.dropping(found).hasPrefix(ScoringLogLine.accessPrefix) else { continue }
            (last, count) = (found, count + 1)
        }
        let line = line.dropping(last)
        if line.contains("Prediction") {
            rest = .nothing
        } else if line.contains("X-Ms-Request-Id") {
            rest = .time
        } else if case .access(_, let status, _, let isScoring)? = ScoringLogLine.access(in: line) {
            rest = isScoring && status < 400 ? .idAndTime : .nothing
        } else {
            rest = .idAndTime
        }
        areSeveral = count > 1
    }
}
