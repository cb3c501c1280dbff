/// How a target compares usage: the two kinds differ in the divisor, and in what a missing pod is assumed to use.
protocol Measure {
    /// All missing pods' millicores if the others are below the target.
    var missingUsageBelowTarget: Int { get }
    /// Whether missing pods are filled in (with 0) at a ratio of exactly 1: only for average values.
    var countsMissingAtTarget: Bool { get }
    func ratio(used: Int, missingCounted: Bool, unreadyCounted: Bool) -> Double
    func value(used: Int) -> MetricReport.CurrentValue
}

/// Percent of the requests, floored to an integer as in the controller.
struct UtilizationMeasure: Measure {
    var target: Int
    /// Requests in millicores, by class.
    var ready: [Int]
    var missing: [Int]
    var unready: [Int]

    var missingUsageBelowTarget: Int { missing.reduce(0) { $0 + $1 * max(100, target) / 100 } }
    var countsMissingAtTarget: Bool { false }

    func ratio(used: Int, missingCounted: Bool, unreadyCounted: Bool) -> Double {
        var requested = ready.reduce(0, +)
        if missingCounted { requested += missing.reduce(0, +) }
        if unreadyCounted { requested += unready.reduce(0, +) }
        return Double(used * 100 / requested) / Double(target)
    }

    func value(used: Int) -> MetricReport.CurrentValue {
        .utilization(percent: used * 100 / ready.reduce(0, +), averageMillicores: used / ready.count)
    }
}

/// Millicores per pod, floored to an integer as in the controller.
struct AverageMeasure: Measure {
    var target: Int
    /// Pods by class.
    var ready: Int
    var missing: Int
    var unready: Int

    var missingUsageBelowTarget: Int { missing * target }
    var countsMissingAtTarget: Bool { true }

    func ratio(used: Int, missingCounted: Bool, unreadyCounted: Bool) -> Double {
        let pods = ready + (missingCounted ? missing : 0) + (unreadyCounted ? unready : 0)
        return Double(used / pods) / Double(target)
    }

    func value(used: Int) -> MetricReport.CurrentValue { .averageValue(millicores: used / ready) }
}
