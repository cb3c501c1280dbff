import Foundation
import LatencyAnalyzer

/// k6's summary, in any of its forms; times are milliseconds.
///
/// - `--summary-export`: a metric's values beside its thresholds, where `true` means *crossed*.
/// - `handleSummary`, or 1.x: separate `values` and `thresholds`, `state` with the duration.
/// - `--new-machine-readable-summary` (1.5 and later, the only form of 2.x): a list of metrics, a date, a duration.
///
/// The formats' source is k6 1.1's own output, k6's `internal/lib/summary/machine_readable.go` and the schema in
/// grafana/k6-summary. Only the last form has a date; others are taken to have ended when the file was written.
struct K6Summary {
    private let metrics: [String: K6Metric]
    private let checks: [LoadCheck]
    private let duration: Double?
    private let end: Instant?
    private let hasPassed: Bool?

    init(_ data: Data) throws {
        let document = try JSONDecoder().decode(K6Document.self, from: data)
        metrics = document.allMetrics
        checks = document.allChecks
        duration = document.state?.testRunDurationMs.map { $0 / 1000 } ?? document.config?.duration
        end = document.metadata?.generatedAt.flatMap { Instant(rfc3339: $0) }
        hasPassed = document.results?.passed
    }

    func run(of file: InputFile) throws -> LoadRun {
        guard let whole = metrics["http_req_duration"]?.values, let requests = metrics["http_reqs"]?.values,
            let calls = requests["count"].flatMap(Int.init(count:))
        else { throw UnreadableFile("a k6 summary without http_reqs: no HTTP request was made") }
        var run = LoadRun(name: file.runName, tool: "k6")
        run.sources = [file.relativePath]
        run.calls = calls
        setFailures(of: calls, &run, file)
        addConditions(to: &run)
        let answered = calls - (run.failures ?? 0)
        let seconds = duration ?? requests["rate"].map { $0 > 0 ? Double(calls) / $0 : 0 }
        if let seconds, seconds > 0 {
            run.achievedRate = Double(answered) / seconds
            let last = end ?? file.lastChange
            run.times = last.advanced(by: -seconds)...last
            run.isTimeOfFile = end == nil
        }
        // The time until a failure is not a latency.
        guard answered > 0 else { return run }
        let durations = metrics["http_req_duration{expected_response:true}"]?.values ?? whole
        var values: [Double: Double] = [:]
        for percentile in LatencyHistogram.percentiles {
            let text = percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
            values[percentile] = durations["p(\(text))"]
        }
        values[50] = values[50] ?? durations["med"]
        run.percentiles = Percentiles(count: answered, values: values, longest: durations["max"])
        run.meanMilliseconds = durations["avg"]
        return run
    }

    private func setFailures(of calls: Int, _ run: inout LoadRun, _ file: InputFile) {
        let found = metrics["http_req_failed"]?.occurrences(among: calls)
        run.failures = found?.count
        let isWhole = found?.total == calls
        run.set(
            RequestTally(
                kind: .k6Summary, requests: calls, failures: run.failures,
                isConfirmed: isWhole && found?.isConsistent == true))
        if let found, found.total.map({ $0 != calls }) ?? false || !found.isConsistent {
            run.gaps.append("\(file.relativePath): http_req_failed does not fit the \(calls.grouped) of http_reqs")
        }
    }

    private func addConditions(to run: inout LoadRun) {
        let all = metrics["checks"]?.occurrences(among: nil) ?? metrics["checks_succeeded"]?.occurrences(among: nil)
        let sums = checks.reduce((passes: 0, fails: 0)) { ($0.passes + $1.passes, $0.fails + $1.fails) }
        let isConfirmed = all.map { $0.count == sums.passes && $0.total == sums.passes + sums.fails } ?? false
        run.checks = checks.map { check in
            var check = check
            check.isConfirmed = isConfirmed
            return check
        }
        if let all, let total = all.total, checks.isEmpty || !isConfirmed, total > 0 {
            run.checks.append(
                LoadCheck(
                    name: checks.isEmpty ? "all checks" : "all checks, by their metric", passes: all.count,
                    fails: total - all.count))
        }
        run.thresholds = metrics.sorted { $0.key < $1.key }.flatMap { name, metric in
            metric.thresholds.map { expression, holds in
                LoadThreshold(
                    metric: name, expression: expression, holds: holds,
                    isMet: LoadThreshold.isMet(expression, by: metric.values))
            }
        }
        if hasPassed == false, !run.thresholds.contains(where: { $0.holds == false }) {
            run.thresholds.append(.notPassed)
        }
    }
}
