package import LoadReport
package import Simulation

/// How far a simulation was from a recording.
package struct Prediction: Sendable {
    /// One of the three comparisons.
    package struct Check: Sendable, Equatable {
        package var name: String
        package var verdict: Verdict
        package var text: String
        /// The first moment at which they differ too much.
        package var firstDifference: (time: Double, text: String)?

        package static func == (one: Self, other: Self) -> Bool {
            one.name == other.name && one.verdict == other.verdict && one.text == other.text
                && one.firstDifference?.time == other.firstDifference?.time
        }
    }

    package var checks: [Check]
    /// Whether other seeds have other verdicts, and none has more than half of them.
    package var isDisputed = false
    /// What was judged, in seconds of the recording.
    package var judged: [ClosedRange<Double>]
    /// From when on the recording lacks a part of the load, so that nothing after it can be predicted.
    package var unrecorded: ClosedRange<Double>?

    /// Replicas may differ by one for a tenth of the samples.
    static let replicaShare = 0.9
    static let reservedTolerance = 0.1
    /// Means of response times: a quarter or 20 ms, in nine of ten intervals with 100 requests.
    static let responseTolerance = (share: 0.25, seconds: 0.02)
    static let leastRequests = 100
    /// The share of the judged time that the monitor has to have recorded.
    static let leastCoverage = 0.9

    /// - Parameters:
    ///   - calibrated: seconds of the recording that the service was calibrated on: they prove nothing.
    ///   - isLoadGiven: whether a person gave the load, whatever the recording shows.
    package init(
        _ outcome: Outcome, of run: RecordedRun, recipe: Recipe, calibrated: ClosedRange<Double>?,
        isLoadGiven: Bool = false
    ) {
        let all = Self.rest(of: run.length, without: calibrated)
        unrecorded = isLoadGiven ? nil : run.unrecordedLoad
        let end = unrecorded?.lowerBound ?? .infinity
        judged = all.filter { $0.lowerBound < end }.map { $0.lowerBound...min($0.upperBound, end) }
        let judged = judged
        func counts(_ time: Double) -> Bool { judged.contains { $0.contains(time) } }
        let samples = run.samples.filter { counts($0.time) }
        checks = [
            Self.replicas(outcome, samples, lacking: run.lackingColumns),
            Self.reserved(outcome, samples, recipe: recipe, lacking: run.lackingColumns),
            Self.response(outcome, run.intervals.filter { counts($0.start) && counts($0.end) }),
        ]
        doubtSamples(samples)
        doubtRest(all)
        if run.isLoadGuessed, !isLoadGiven { doubtResponse() }
        if run.isStartAssumed {
            for index in checks.indices where checks[index].verdict != .unproven {
                checks[index].verdict = .unproven
                checks[index].text += "; the monitor's CSV has no date, so its times are a guess"
            }
        }
        if judged.isEmpty {
            for index in checks.indices {
                checks[index].verdict = .unproven
                checks[index].text =
                    unrecorded == nil
                    ? "the service was calibrated on the whole recording"
                    : "no client recorded the load that the pods' CPU shows"
            }
        }
    }

    /// What the monitor did not record is not proven by what it did.
    private mutating func doubtSamples(_ samples: [RecordedRun.Sample]) {
        let gaps = zip(samples, samples.dropFirst()).map { $1.time - $0.time }.sorted()
        guard !gaps.isEmpty else { return }
        let usual = gaps[gaps.count / 2]
        let seen = usual + gaps.reduce(0) { $0 + min($1, 2 * usual) }
        let all = judged.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        guard seen < Self.leastCoverage * all else { return }
        for index in 0...1 where checks[index].verdict == .proven {
            checks[index].verdict = .unproven
            checks[index].text += "; the monitor recorded \(fixed(seen, 0)) of \(fixed(all, 0)) s (90 % are needed)"
        }
    }

    /// The conditions are of the whole run: what is known of a part of it neither proves nor denies them.
    private mutating func doubtRest(_ all: [ClosedRange<Double>]) {
        func seconds(_ parts: [ClosedRange<Double>]) -> Double {
            parts.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        }
        guard seconds(judged) < Self.leastCoverage * seconds(all) else { return }
        for index in checks.indices where checks[index].verdict != .unproven {
            checks[index].verdict = .unproven
            checks[index].text +=
                "; the load is known for \(fixed(seconds(judged), 0)) of \(fixed(seconds(all), 0)) s only"
        }
    }

    /// siege's rows alone do not show how its clients waited, which decides the result of an overload.
    private mutating func doubtResponse() {
        guard checks[2].verdict != .unproven else { return }
        checks[2].verdict = .unproven
        checks[2].text +=
            "; siege's clients and pauses are not in the recording: add phases.csv or marks in its log, or give --load"
    }

    package var verdict: Verdict {
        if isDisputed { return .unproven }
        return checks.contains { $0.verdict == .void }
            ? .void : checks.contains { $0.verdict == .unproven } ? .unproven : .proven
    }

    /// Of what differs, the part that differs first.
    package var firstDifference: Check? {
        checks.filter { $0.verdict == .void }.min {
            ($0.firstDifference?.time ?? .infinity) < ($1.firstDifference?.time ?? .infinity)
        }
    }

    private static func rest(of length: Double, without part: ClosedRange<Double>?) -> [ClosedRange<Double>] {
        guard let part, part.upperBound > 0, part.lowerBound < length else { return [0...length] }
        var rest: [ClosedRange<Double>] = []
        if part.lowerBound > 1 { rest.append(0...part.lowerBound) }
        if part.upperBound < length - 1 { rest.append(part.upperBound...length) }
        return rest
    }

    private static func replicas(
        _ outcome: Outcome, _ samples: [RecordedRun.Sample], lacking: Set<String>
    ) -> Check {
        guard !lacking.contains("n_replica") else {
            return Check(name: "replicas", verdict: .unproven, text: "the monitor's CSV lacks the column n_replica")
        }
        let pairs = samples.compactMap { sample in
            outcome.second(at: sample.time).map { (sample.time, recorded: sample.pods, predicted: $0.pods) }
        }
        guard !pairs.isEmpty else {
            return Check(name: "replicas", verdict: .unproven, text: "no monitor recorded the replicas")
        }
        let close = pairs.count { abs($0.recorded - $0.predicted) <= 1 }
        let share = Double(close) / Double(pairs.count)
        let first = pairs.first { abs($0.recorded - $0.predicted) > 1 }
        return Check(
            name: "replicas", verdict: share >= replicaShare ? .proven : .void,
            text: "replicas: within one in \(percent(share)) of \(pairs.count) samples (90 % are needed)",
            firstDifference: first.map {
                ($0.0, "\($0.predicted) pods predicted, \($0.recorded) recorded at \(fixed($0.0, 0)) s")
            })
    }

    private static func reserved(
        _ outcome: Outcome, _ samples: [RecordedRun.Sample], recipe: Recipe, lacking: Set<String>
    ) -> Check {
        guard !lacking.contains("cpu_req_core") else {
            return Check(name: "reserved", verdict: .unproven, text: "the monitor's CSV lacks the column cpu_req_core")
        }
        var hours = (recorded: 0.0, predicted: 0.0)
        var first: (time: Double, text: String)?
        for (sample, next) in zip(samples, samples.dropFirst()) {
            // A stretch that is left out is not one long sample.
            let seconds = min(next.time - sample.time, 60)
            guard let row = outcome.second(at: sample.time) else { continue }
            hours.recorded += sample.cores.requested * seconds / 3600
            hours.predicted += Double(row.pods) * recipe.monitored.cpuRequest * seconds / 3600
            let predicted = Double(row.pods) * recipe.monitored.cpuRequest
            if first == nil, abs(predicted - sample.cores.requested) > reservedTolerance * sample.cores.requested {
                first = (
                    sample.time,
                    "\(fixed(predicted, 3)) cores reserved as predicted, \(fixed(sample.cores.requested, 3)) recorded at "
                        + "\(fixed(sample.time, 0)) s"
                )
            }
        }
        guard hours.recorded > 0 else {
            return Check(name: "reserved", verdict: .unproven, text: "no monitor recorded the reserved cores")
        }
        let error = hours.predicted / hours.recorded - 1
        return Check(
            name: "reserved", verdict: abs(error) <= reservedTolerance ? .proven : .void,
            text: "reserved core-hours: \(fixed(hours.predicted, 4)) predicted, \(fixed(hours.recorded, 4)) recorded, "
                + "\(error < 0 ? "" : "+")\(fixed(error * 100, 1)) % (10 % are allowed)",
            firstDifference: first)
    }

    private static func response(_ outcome: Outcome, _ intervals: [RecordedRun.Interval]) -> Check {
        let known = intervals.filter { $0.requests >= leastRequests && $0.mean != nil }
        guard !known.isEmpty else {
            return Check(
                name: "response", verdict: .unproven,
                text: "no client recorded a mean response time of at least 100 requests in a stretch that counts")
        }
        var lines: [String] = []
        var close = 0
        var first: (time: Double, text: String)?
        for interval in known {
            let recorded = interval.mean ?? 0
            let predicted = outcome.meanResponse(from: interval.start, to: interval.end)
            let allowed = max(responseTolerance.share * recorded, responseTolerance.seconds)
            let line =
                "\(predicted.map { fixed($0 * 1000, 1) } ?? "no response") ms predicted, \(fixed(recorded * 1000, 1)) ms "
                + "recorded at \(fixed(interval.start, 0)) s"
            lines.append(line)
            if let predicted, abs(predicted - recorded) <= allowed {
                close += 1
            } else if first == nil {
                first = (interval.start, line)
            }
        }
        let share = Double(close) / Double(known.count)
        return Check(
            name: "response", verdict: share >= 0.9 ? .proven : .void,
            text: "mean response: within 25 % or 20 ms in \(close) of \(known.count) intervals (90 % are needed): "
                + lines.prefix(3).joined(separator: "; ") + (lines.count > 3 ? "; …" : ""),
            firstDifference: first)
    }
}

extension Outcome {
    /// The cluster at a time; nil outside the run.
    func second(at time: Double) -> SecondRow? {
        let index = Int(time.rounded())
        return seconds.indices.contains(index) ? seconds[index] : nil
    }

    /// Seconds, over the requests that ended in a stretch of time; nil if none did.
    func meanResponse(from begin: Double, to end: Double) -> Double? {
        var (count, sum) = (0, 0.0)
        for second in max(0, Int(begin.rounded()))..<max(0, Int(begin.rounded()), Int(end.rounded())) {
            guard responses.indices.contains(second) else { break }
            count += responses[second].served
            sum += responses[second].latency
        }
        return count > 0 ? sum / Double(count) : nil
    }
}

/// `93.5 %`
func percent(_ share: Double) -> String { "\(fixed(share * 100, 1)) %" }
