/// Logs in which a request's access line comes after its other lines.
extension ScoringLogParser {
    /// Keeps a line until the access line after it.
    mutating func collect(_ line: ScoringLogLine, onRequest: (LoggedRequest) -> Void) {
        switch line {
        case .access, .malformedAccess, .foreignAccess, .joinedAccess:
            var lines: [ScoringLogLine] = []
            swap(&lines, &collected)
            take(line, onRequest: onRequest)
            if layout.isNewestFirst {
                for line in lines.reversed() { take(line, onRequest: onRequest) }
            } else {
                takeLines(lines, onRequest: onRequest)
            }
            endRequest(onRequest: onRequest)
            lines.removeAll(keepingCapacity: true)
            swap(&lines, &collected)
        case .record, .recordWithoutTime: take(line, onRequest: onRequest)
        default:
            collected.append(line)
            guard collected.count > 256 else { return }
            take(collected.removeFirst(), onRequest: onRequest)
        }
    }

    /// Gives a request the lines before its access line, unless there are those of two requests.
    private mutating func takeLines(_ lines: [ScoringLogLine], onRequest: (LoggedRequest) -> Void) {
        var (ids, times, durations) = (0, 0, 0)
        for line in lines {
            switch line {
            case .requestID: ids += 1
            case .scoring: times += 1
            case .duration: durations += 1
            default: break
            }
        }
        let isMixed = ids > 1 || times > 1 || durations > 1
        if isMixed, openRequest != nil {
            expectation = .nothing
            counts.mixedRequests += 1
        }
        for line in lines {
            if case .duration(let milliseconds) = line, times == 0, wantedKind == nil {
                readScoring(milliseconds: milliseconds, nil)
            } else {
                take(line, onRequest: onRequest)
            }
        }
    }
}
