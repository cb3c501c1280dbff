import Bytes
import Cluster
import Files
import LatencyAnalyzer

/// The numbers of a report.
struct LoadTables {
    private static let maximumRowCount = 200

    private let evidence: LoadEvidence
    private let groups: SystemGroups

    init(_ evidence: LoadEvidence) {
        self.evidence = evidence
        groups = SystemGroups(evidence.runs)
    }

    /// Those that have rows.
    var all: [ReportTable] {
        [
            cacheRates("peak (the ramp)") { $0.latencyMs.peak },
            cacheRates("sustained (the hold)") { $0.latencyMs.sustained }, runs, lookUps, saturations, resources,
            serverLogs, errors,
        ].filter { !$0.rows.isEmpty }
    }

    private static let percentileTitles = LatencyHistogram.percentiles.map {
        LatencyHistogram.name(ofPercentile: $0) + " ms"
    }

    private func cacheRates(_ phase: String, _ percentiles: (RunProof) -> Percentiles?) -> ReportTable {
        let rows = CacheRateRuns.of(evidence.runs, groups).map { group in
            let found = group.proven.compactMap(percentiles)
            let cells = LatencyHistogram.percentiles.map { one in found.compactMap { $0.values[one] }.median.cell }
            return [group.name, "\(group.runs.count)", "\(group.proven.count)"] + cells
        }
        return ReportTable(
            title: "Latency by cache rate, \(phase), medians of the proven runs",
            titles: ["cache rate", "runs", "proven"] + Self.percentileTitles, rows: rows)
    }

    /// A row for each whole run and, if a tool reports the hold separately, one for the hold: no row mixes the two.
    private var runs: ReportTable {
        let shown = evidence.runs.prefix(Self.maximumRowCount)
        let rows = shown.flatMap { run in [whole(run), hold(run)].compactMap(\.self) }
        let rest = evidence.runs.count - shown.count
        let hasFileTimes = evidence.runs.contains(where: \.isTimeOfFile)
        return ReportTable(
            title: "Runs" + (rest > 0 ? " (\(rest) more are not shown)" : "")
                + (hasFileTimes ? " (* by the date of the file)" : ""),
            titles: [
                "run", "part", "tool", "start, UTC", "seconds", "requests", "failed", "offered/s", "succeeded/s",
                "mean ms", "p50 ms", "p95 ms", "p99 ms",
            ], rows: rows)
    }

    private func whole(_ run: LoadRun) -> [String] {
        [
            run.name, "whole", run.tool + (groups.letter(of: run).map { " \($0)" } ?? ""),
            run.times.map { UTCTime.text($0.lowerBound.second) + (run.isTimeOfFile ? " *" : "") } ?? "n/a",
            run.times.map { $0.upperBound.seconds - $0.lowerBound.seconds }.cell, run.issuedCalls.cell,
            run.worstFailures.cell, "n/a", (run.proof?.rate.achieved ?? run.achievedRate).cell,
            run.meanMilliseconds.cell,
        ] + Self.percentiles(of: run.percentiles)
    }

    private func hold(_ run: LoadRun) -> [String]? {
        guard let proof = run.proof, proof.latencyMs.sustained != nil || proof.rate.sustained != nil else { return nil }
        let latency = proof.latencyMs.sustained
        return [
            run.name, "hold", run.tool, "n/a", "n/a", (latency?.count).cell, "n/a", proof.rate.offered.cell,
            proof.rate.sustained.cell, "n/a",
        ] + Self.percentiles(of: latency)
    }

    private static func percentiles(of found: Percentiles?) -> [String] {
        [50.0, 95, 99].map { (found?.values[$0]).cell }
    }

    private var lookUps: ReportTable {
        let rows = evidence.runs.filter { $0.plannedHitRate != nil }.prefix(Self.maximumRowCount).map { run in
            let counted = run.proof?.counted
            let seen = run.proof?.seen
            let share = { (rate: Double?) in rate.map { ($0 * 100).decimal(digits: 2) + " %" } ?? "n/a" }
            return [
                run.name, share(run.plannedHitRate), share(run.achievedHitRate), (run.proof?.planned.hot).cell,
                (seen?.hit).cell, (counted?.hits).cell, (seen?.miss).cell, (counted?.misses).cell,
                "\(run.proof?.counters.count ?? 0)", run.cacheRateClaim?.verdict.rawValue ?? "n/a",
            ]
        }
        return ReportTable(
            title: "Hit rate, planned and achieved",
            titles: [
                "run", "planned", "achieved", "hot requests", "hits seen", "hits counted", "misses seen",
                "misses counted", "replicas", "verdict",
            ], rows: rows)
    }

    private var saturations: ReportTable {
        let rows = evidence.runs.compactMap { run -> [String]? in
            guard let point = run.saturationPoint else { return nil }
            let found = run.proof?.saturation
            return [
                run.name, "\(point.users)", point.rate.shortest, (point.rate * PodScaling.saturationRule).shortest,
                (found?.rounds.count).cell, (found?.spread).map { ($0 * 100).decimal(digits: 1) + " %" } ?? "n/a",
                (found?.p50Ms).cell, (found?.p99Ms).cell,
            ]
        }
        return ReportTable(
            title: "Saturation and the 70 % point",
            titles: ["run", "users", "requests/s", "70 %, requests/s", "rounds", "spread", "p50 ms", "p99 ms"],
            rows: rows)
    }

    /// The samples of the monitors, cut at the runs' beginnings and ends.
    private var resources: ReportTable {
        let rows = evidence.resources.flatMap { use in
            let whole = row("all samples", use.source, use.whole, of: nil)
            return [whole].compactMap(\.self)
                + evidence.runs.prefix(Self.maximumRowCount).compactMap { run in
                    run.times.flatMap { row(run.name, use.source, use.during($0), of: run) }
                }
        }
        return ReportTable(
            title: "Resources by run",
            titles: [
                "run", "monitor", "replicas, mean", "least", "most", "cores reserved", "cores used",
                "core-hours reserved", "requests per core-second",
            ], rows: rows)
    }

    private func row(
        _ name: String, _ source: String, _ slot: ResourceUse.Slot?, of run: LoadRun?
    ) -> [String]? {
        guard let slot else { return nil }
        let (calls, seconds) = (run?.issuedCalls, run?.times.map { $0.upperBound.seconds - $0.lowerBound.seconds })
        // A monitor that covered only part of the run does not show what its requests cost.
        let used = slot.knownUseSeconds > 0 ? slot.usedCoreSeconds / slot.knownUseSeconds : nil
        let isWhole = seconds.map { slot.seconds > 0.95 * $0 } ?? false
        let perCore =
            isWhole && slot.reservedCoreSeconds > 0 ? calls.map { Double($0) / slot.reservedCoreSeconds } : nil
        return [
            name, source, (slot.replicaSeconds / slot.seconds).shortest, "\(slot.least)", "\(slot.most)",
            (slot.reservedCoreSeconds / slot.seconds).shortest, used.cell, (slot.reservedCoreSeconds / 3600).shortest,
            perCore.cell,
        ]
    }

    private var serverLogs: ReportTable {
        let rows = evidence.serverLogs.prefix(Self.maximumRowCount).map { log in
            [log.source, log.deployment, "\(log.pods)", "\(log.calls)", "\(log.scored)"]
                + LatencyHistogram.percentiles.map { log.percentiles.values[$0].cell }
        }
        return ReportTable(
            title: "Scoring time in the servers' logs",
            titles: ["file", "deployment", "pods", "requests", "scored"] + Self.percentileTitles, rows: rows)
    }

    private var errors: ReportTable {
        let rows = evidence.runs.flatMap { run in run.errors.map { [run.name, $0.text, "\($0.count)"] } }
        return ReportTable(
            title: "Errors", titles: ["run", "error", "requests"], rows: Array(rows.prefix(Self.maximumRowCount)))
    }
}

extension LoadRun {
    /// The saturation that was found.
    var saturationPoint: (users: Int, rate: Double)? {
        proof?.saturation.map { ($0.users, $0.rate) } ?? saturationOfSteps
    }
}
