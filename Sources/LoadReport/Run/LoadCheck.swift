/// A check of a k6 script: a condition on responses, and how often it held.
struct LoadCheck: Sendable, Equatable {
    let name: String
    var passes, fails: Int
    /// Whether a second count agrees: the metric `checks`, or another file.
    var isConfirmed = false
}

/// A threshold of a k6 script: a condition on a metric of the whole run.
struct LoadThreshold: Sendable, Equatable {
    let metric, expression: String
    /// What k6 reports; nil if the file does not have it.
    var holds: Bool?
    /// Whether the metric's own value meets the expression; nil if it is not in the file.
    var isMet: Bool?

    /// In place of a threshold: k6 reports that the run did not pass, and no threshold that was crossed.
    static let notPassed = Self(metric: "the run", expression: "passed", holds: false)

    /// Whether a value meets an expression such as `p(95)<500`; nil if the expression or the value is unknown.
    static func isMet(_ expression: String, by values: [String: Double]) -> Bool? {
        guard
            let match = expression.wholeMatch(
                of: #/\s*([a-z]+(?:\([0-9.]+\))?)\s*(<=|>=|===?|!=|<|>)\s*([-+0-9.eE]+)\s*/#),
            let limit = Double(match.3)
        else { return nil }
        let name = String(match.1)
        // The export calls a rate "value".
        guard let value = values[name] ?? (name == "rate" ? values["value"] : nil) else { return nil }
        return switch match.2 {
        case "<": value < limit
        case "<=": value <= limit
        case ">": value > limit
        case ">=": value >= limit
        case "!=": value != limit
        default: value == limit
        }
    }
}

extension LoadRun {
    /// Merges the checks and thresholds of another file of the run; another file never hides a failure.
    mutating func mergeConditions(of other: Self) {
        for check in other.checks {
            guard let index = checks.firstIndex(where: { $0.name == check.name }) else {
                checks.append(check)
                continue
            }
            let isSame = (checks[index].passes, checks[index].fails) == (check.passes, check.fails)
            if check.fails > checks[index].fails { checks[index] = check }
            checks[index].isConfirmed = isSame
        }
        for threshold in other.thresholds {
            let index = thresholds.firstIndex {
                ($0.metric, $0.expression) == (threshold.metric, threshold.expression)
            }
            guard let index else {
                thresholds.append(threshold)
                continue
            }
            if thresholds[index].holds == nil || threshold.holds == false { thresholds[index] = threshold }
        }
    }
}
