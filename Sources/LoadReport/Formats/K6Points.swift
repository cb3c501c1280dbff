import Foundation

/// The points of k6's streams (`--out json=FILE`, `--out csv=FILE`) added up, one metric's value at a time.
///
/// The formats' source is `output/json` and `internal/output/csv` of k6 1.1. A request is a point of `http_reqs`, one of
/// `http_req_duration` (ms) and, from k6 0.31 on, one of `http_req_failed`, which have its tags.
struct K6Points {
    private var sums = RequestSums()
    private var (requests, durations, outcomes) = (0, 0, 0)
    private var (failed, unexpected, untagged) = (0, 0, 0)
    private var checks: [String: LoadCheck] = [:]
    private var thresholds: [LoadThreshold] = []
    private var reasons: [String: Int] = [:]

    private static let maximumNameCount = 1000

    /// One point.
    struct Point {
        let metric: String
        let time: Instant
        let value: Double
        var check: String?
        var isExpected: Bool?
        var status: String?
    }

    /// The metrics whose points are needed.
    static let metrics = ["http_reqs", "http_req_duration", "http_req_failed", "checks", "vus"]

    mutating func add(_ point: Point) {
        switch point.metric {
        case "http_reqs":
            // A point may stand for several.
            requests += Int(count: point.value) ?? 1
            if isFailure(point) == true, let status = point.status { count(status) }
        case "http_req_duration":
            durations += 1
            let isFailure = isFailure(point)
            unexpected += isFailure == true ? 1 : 0
            untagged += isFailure == nil ? 1 : 0
            sums.addCall(at: point.time, isSuccess: isFailure != true)
            if isFailure != true { sums.addLatency(point.value, at: point.time) }
        case "http_req_failed":
            outcomes += 1
            failed += point.value == 0 ? 0 : 1
        case "checks": addCheck(point)
        case "vus": if let users = Int(count: point.value) { sums.set(users: users, at: point.time) }
        default: break
        }
    }

    mutating func add(threshold expression: String, of metric: String) {
        let threshold = LoadThreshold(metric: metric, expression: expression)
        guard thresholds.count < Self.maximumNameCount, !thresholds.contains(threshold) else { return }
        thresholds.append(threshold)
    }

    private func isFailure(_ point: Point) -> Bool? {
        if let isExpected = point.isExpected { return !isExpected }
        guard let status = point.status.flatMap({ Int($0) }) else { return nil }
        return status == 0 || status >= 400
    }

    private mutating func count(_ status: String) {
        let text = status == "0" ? "no response" : "status \(status)"
        guard reasons[text] != nil || reasons.count < 20 else { return }
        reasons[text, default: 0] += 1
    }

    private mutating func addCheck(_ point: Point) {
        let name = point.check ?? "a check without a name"
        guard checks[name] != nil || checks.count < Self.maximumNameCount else { return }
        var check = checks[name] ?? LoadCheck(name: name, passes: 0, fails: 0)
        if point.value == 0 { check.fails += 1 } else { check.passes += 1 }
        checks[name] = check
    }

    /// The run that the points are of.
    func run(of file: InputFile, _ kind: RequestTally.Kind) throws -> LoadRun {
        let calls = max(requests, durations, outcomes)
        guard calls > 0 else { throw UnreadableFile("a k6 stream without http_req_duration: no HTTP request was made") }
        var run = try sums.run(named: file.runName, tool: "k6", of: file, kind)
        run.calls = calls
        let isKnown = outcomes > 0 || untagged < durations
        run.failures = isKnown ? max(failed, unexpected) : nil
        run.set(RequestTally(kind: kind, requests: calls, failures: run.failures))
        if let times = run.times, times.upperBound > times.lowerBound {
            run.achievedRate =
                Double(calls - (run.failures ?? 0)) / (times.upperBound.seconds - times.lowerBound.seconds)
        }
        if Set([requests, durations, outcomes]).count > 1 {
            run.gaps.append(
                "\(file.relativePath): points are missing: \(requests) of http_reqs, \(durations) of http_req_duration, "
                    + "\(outcomes) of http_req_failed")
        }
        run.checks = checks.values.sorted { $0.name < $1.name }
        run.thresholds = thresholds
        run.errors = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
        return run
    }
}
