import Files

/// A condition of `--fail-if` that must not be met: a metric, `>` or `<`, and a limit.
///
///     condition = metric ("<" | ">") limit
///     metric    = p50 | p90 | p95 | p99 | mean | rate | cpu | rejected | failed | hits
///     limit     = ("+" | "-") number "%"             against the baseline
///               | number unit                        as measured
///     unit      = ms | s  (p50 … mean; cpu)  | /s  (rate; may be left out)
///               | nothing | %  (rejected, failed, hits: how many, or which share of the requests)
public struct Condition: Sendable {
    enum Limit: Sendable, Equatable {
        /// 0.1 means ten per cent above the baseline.
        case relative(Double)
        /// In the metric's own unit.
        case absolute(Double)
        /// Of the requests.
        case share(Double)
    }

    let metric: ComparedMetric
    let isAbove: Bool
    let limit: Limit
    /// As it was written, without needless blanks.
    let text: String

    /// Reads a condition.
    ///
    /// - Throws: `OperatorError` with what is allowed.
    public init(_ text: String) throws {
        guard
            let match = text.wholeMatch(
                of: #/\s*([A-Za-z0-9.]+)\s*([<>])\s*([-+]?)\s*([0-9]+(?:\.[0-9]+)?)\s*(%|[a-z/]*)\s*/#),
            let number = Double(match.4), number.isFinite
        else { throw Self.error(text, "write a metric, > or <, and a limit, such as p95 > +10% or p99 > 250ms") }
        guard let metric = ComparedMetric(rawValue: String(match.1)) else {
            let names = ComparedMetric.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.error(text, "\(match.1) is not a metric; use one of \(names)")
        }
        self.metric = metric
        isAbove = match.2 == ">"
        self.text = "\(metric.rawValue) \(match.2) \(match.3)\(match.4)\(match.5)"
        limit = try Self.limit(text, metric, sign: String(match.3), number, unit: String(match.5))
    }

    private static func limit(
        _ text: String, _ metric: ComparedMetric, sign: String, _ number: Double, unit: String
    ) throws -> Limit {
        if unit == "%", !sign.isEmpty { return .relative((sign == "-" ? -number : number) / 100) }
        guard sign.isEmpty else {
            throw error(text, "a limit with a sign is against the baseline and ends with %, such as \(sign)10%")
        }
        switch (metric, unit) {
        case (.rejected, "%"), (.failed, "%"), (.hits, "%"): return .share(number / 100)
        case (_, "%"): throw error(text, "write +\(number.shortest)% for a limit against the baseline")
        case (.rejected, ""), (.failed, ""), (.hits, ""), (.rate, ""), (.rate, "/s"): return .absolute(number)
        case (.rejected, _), (.failed, _), (.hits, _): throw error(text, "\(metric.rawValue) has no unit but %")
        case (.rate, _): throw error(text, "rate is in requests a second, such as 100/s")
        case (_, "ms"): return .absolute(number)
        case (_, "s"): return .absolute(number * 1000)
        default: throw error(text, "\(metric.rawValue) needs the unit ms or s, such as 250ms")
        }
    }

    private static func error(_ text: String, _ reason: String) -> OperatorError {
        OperatorError(.request, "--fail-if '\(text.oneLine)' cannot be read: \(reason)")
    }

    /// Whether it needs a baseline.
    public var isRelative: Bool { if case .relative = limit { true } else { false } }

    /// Whether a value is beyond the limit.
    func isMet(_ value: Double, limit: Double) -> Bool { isAbove ? value > limit : value < limit }
}
