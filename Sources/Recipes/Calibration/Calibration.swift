package import LoadReport
import Simulation

/// What a load test's files show about a service.
package struct Calibration: Sendable {
    /// A figure, how far off it may be (two standard errors, or the spread of what was seen), and where it came from.
    package struct Estimate: Sendable, Equatable {
        package var value: Double
        package var plusMinus: Double?
        /// The coefficient of variation from request to request.
        package var variation: Double?
        package var source: String

        init(_ value: Double, plusMinus: Double?, source: String) {
            self.value = value
            self.plusMinus = plusMinus
            self.source = source
        }
    }

    /// Milliseconds a request.
    package var hitCPU, missCPU, hitWait, missWait: Estimate?
    /// The share of hits in what was recorded; a load test that chooses its own has none.
    package var hitRate: Estimate?
    /// Milliseconds by which a request costs more than those that come within `wakeUpShared` seconds after it.
    package var wakeUpCPU: Estimate?
    package var wakeUpShared = 0.0
    /// Cores.
    package var base: Estimate?
    /// MiB of a pod.
    package var idleMemory, loadedMemory: Estimate?
    /// Seconds.
    package var startUp, resolution: Estimate?
    /// What the files do not tell, and what run would.
    package var open: [String] = []
    /// Unix seconds of what was used, where the files have dates.
    package var stretch: ClosedRange<Double>?

    /// - Parameters:
    ///   - run: the recording.
    ///   - proofs: runs of `loadtest/` in the same folder.
    ///   - recipe: its manifests, if they are known: probes and limits.
    ///   - stretch: seconds of the recording; nothing outside it is used.
    package init(
        _ run: RecordedRun, proofs: [RunProof], recipe: Recipe?, stretch: ClosedRange<Double>
    ) throws(RecipeError) {
        guard stretch.lowerBound < run.length else {
            throw RecipeError(
                "nothing was recorded from \(fixed(stretch.lowerBound, 0)) s on: the recording ends at "
                    + "\(fixed(run.length, 0)) s; give an earlier --from"
            )
        }
        let end = min(stretch.upperBound, run.length)
        self.stretch = run.origin.map { $0 + stretch.lowerBound...$0 + max(end, stretch.lowerBound) }
        let part = stretch.lowerBound...max(end, stretch.lowerBound)
        let within = proofs.filter { self.stretch?.overlaps($0.span) ?? true }
        let systems = Set(within.compactMap(\.system))
        guard systems.count <= 1 else {
            throw RecipeError(
                "the \(within.count) runs are of \(systems.count) systems, by their build, model and configuration: keep the runs "
                    + "of one of them in the folder, or choose with --from and --until")
        }
        let (kinds, isMixed) = findCPU(run, proofs: within, recipe: recipe, part: part)
        if !isMixed { findTimes(run, proofs: within, recipe: recipe, part: part, kinds: kinds) }
        findMemory(run, proofs: within, part: part)
        findStartUp(run, recipe: recipe, part: part)
        if let seconds = Self.resolution(run, part: part) {
            resolution = Estimate(
                seconds, plusMinus: run.publications.isEmpty ? run.lookInterval / 2 : 1,
                source: "the times at which the metrics changed")
        }
        guard missCPU != nil || hitCPU != nil else {
            if let reason = within.lazy.compactMap(\.firstReason).first {
                throw RecipeError(
                    "no run of \(within.count) has the servers' CPU before and after it; the first one's reason: \(reason)"
                )
            }
            throw RecipeError(
                "no file shows what a request costs from \(fixed(part.lowerBound, 0)) to \(fixed(part.upperBound, 0)) s: "
                    + "record CPU (bungalow monitor) and requests together, or run loadtest/calibrate")
        }
        if within.isEmpty { findWait(ofClients: run, recipe: recipe, part: part) }
    }

    private static func resolution(_ run: RecordedRun, part: ClosedRange<Double>) -> Double? {
        var run = run
        run.publications = run.publications.filter { part.contains($0.time) }
        run.samples = run.samples.filter { part.contains($0.time) }
        return run.resolution
    }

    /// - Returns: the kinds of the logged requests, if they are distinguished; whether there are two kinds whose costs are not.
    private mutating func findCPU(
        _ run: RecordedRun, proofs: [RunProof], recipe: Recipe?, part: ClosedRange<Double>
    ) -> (kinds: LoggedKinds?, isMixed: Bool) {
        let idle = Self.idleUse(run, part: part)
        func logged(_ kinds: LoggedKinds?) -> CPUFit? {
            CPUFit.ofCounters(run, part: part, kinds: kinds)
                ?? CPUFit.ofMonitor(run, part: part, base: idle?.value, kinds: kinds)
        }
        var found = CPUFit.of(proofs: proofs)
        let isCounted = found != nil
        found = found ?? CPUFit.of(spans: run.counterSpans, part: part)
        let isKnown = found != nil
        found = found ?? logged(nil)
        let kinds = found?.meanCost.flatMap { Self.kinds(run, recipe: recipe, part: part, cost: $0) }
        if !isKnown, let kinds { found = logged(kinds) }
        if !isKnown, kinds == nil, let cost = found?.meanCost, Self.mayHaveKinds(recipe, cost: cost),
            let slow = LoggedKinds.slowShare(run.podRequests, part: part, cost: cost)
        {
            found?.mix(
                // Some of them are hits that waited.
                share: 1 - slow / 2,
                because:
                    "\(percent(slow)) of the scoring times are several times as long as most, without a gap between them"
            )
        }
        (hitCPU, missCPU, base) = (found?.hit, found?.miss, found?.base)
        (wakeUpCPU, wakeUpShared) = (found?.wakeUp, found?.shared ?? 0)
        if base == nil { base = idle }
        if !isCounted, let found, let share = found.hitShare {
            let spread = kinds.map { abs($0.share - share) } ?? 0
            hitRate = Estimate(
                share, plusMinus: max(0.01, spread), source: isKnown ? "the look-ups in /metrics" : "the scoring log")
        }
        addOpen(found, proofs: proofs, isKnown: isKnown || kinds != nil)
        return (isCounted ? nil : kinds, found?.mixture != nil)
    }

    private static func mayHaveKinds(_ recipe: Recipe?, cost: Double) -> Bool {
        recipe?.environment["CACHE_URL"] != "off" && cost < (recipe?.workload.cpuLimit ?? .infinity) * mostOfQuota
    }

    /// Two kinds of requests in the log, unless there is no cache or the limit may have slowed some.
    private static func kinds(
        _ run: RecordedRun, recipe: Recipe?, part: ClosedRange<Double>, cost: Double
    ) -> LoggedKinds? {
        guard mayHaveKinds(recipe, cost: cost) else { return nil }
        return LoggedKinds(run.podRequests, part: part, cost: cost)
    }

    /// Milliseconds of a period's quota, per core of the limit: a request that needs more is cut by it, and its time is about the quota.
    static let mostOfQuota = 50.0

    /// What the CPU's sources do not tell.
    private mutating func addOpen(_ found: CPUFit?, proofs: [RunProof], isKnown: Bool) {
        if base == nil {
            open.append(
                "base_cpu_cores: no stretch without requests was recorded; begin the monitor a minute before the load")
        }
        if let reason = found?.mixture {
            open.append(
                "cpu_per_hit_ms, the CPU of a miss alone, and the time that is not CPU: \(reason), so cpu_per_miss_ms is the mean of "
                    + "hits and misses; runs with CACHE_RATE=0 and CACHE_RATE=1, as of loadtest/calibrate, would tell")
        } else if hitCPU == nil, proofs.contains(where: { ($0.cacheRate ?? 0) > 0 }) {
            open.append(
                "cpu_per_hit_ms: runs with CACHE_RATE above 0 had no hit, so the server has no cache; one with a cache would "
                    + "tell")
        } else if hitCPU == nil {
            open.append("cpu_per_hit_ms: no request is known to be a hit; a run with CACHE_RATE=1 would tell")
        }
        if missCPU != nil, proofs.isEmpty, !isKnown, found?.mixture == nil {
            open.append(
                "what hits and misses cost apart: their kinds are not in the files, so cpu_per_miss_ms is the mean of the "
                    + "requests as they came; loadtest/calibrate would tell")
        }
        if missCPU == nil {
            open.append("cpu_per_miss_ms: all requests are hits; a run with CACHE_RATE=0 would tell")
        } else if missCPU?.plusMinus == nil {
            open.append(
                "the error of cpu_per_miss_ms: there is one run or pair of /metrics only; a second one at another rate would tell"
            )
        }
    }

    /// What the monitor saw of pods before the first request.
    private static func idleUse(_ run: RecordedRun, part: ClosedRange<Double>) -> Estimate? {
        let begin = run.requests.map(\.start).min() ?? .infinity
        let idle = run.samples.filter { part.contains($0.time) && $0.time < begin && $0.pods > 0 }.compactMap {
            sample in
            sample.cores.used.map { $0 / Double(sample.pods) }
        }.sorted()
        guard let least = idle.first, let most = idle.last else { return nil }
        return Estimate(
            idle[idle.count / 2], plusMinus: most - least,
            source: "the middle of \(idle.count) samples of the monitor before the first request")
    }

    private mutating func findMemory(_ run: RecordedRun, proofs: [RunProof], part: ClosedRange<Double>) {
        let begin = run.requests.map(\.start).min() ?? .infinity
        var known = run.samples.filter { part.contains($0.time) && $0.pods > 0 }.compactMap { sample in
            sample.memory.used.map { (time: sample.time, each: $0 / Double(sample.pods)) }
        }
        if known.isEmpty {
            known = run.publications.filter { part.contains($0.time) }.compactMap { value in
                value.memory.map { (time: value.time, each: $0) }
            }
        }
        let idle = known.filter { $0.time < begin }.map(\.each)
        let loaded = known.filter { $0.time >= begin }.map(\.each)
        let resident = proofs.flatMap(\.counters)
        let scraped = run.counterSpans.filter { part.overlaps($0.begin...$0.end) }.map(\.memory)
        let first = resident.compactMap(\.first?.residentBytes).map { $0 / 1_048_576 } + scraped.compactMap(\.first)
        let last = resident.compactMap(\.last?.residentBytes).map { $0 / 1_048_576 } + scraped.compactMap(\.last)
        // Each run begins with what the ones before it have left.
        idleMemory = Self.memory(idle, or: Array(first.sorted().prefix(1)), source: "before the first request")
        loadedMemory = Self.memory(loaded, or: last, source: "under load")
        if idleMemory == nil {
            open.append(
                "memory_idle_mib: the memory before the first request was not seen; begin the monitor before the load")
        }
        if loadedMemory == nil {
            open.append("memory_loaded_mib: the memory under load was not seen; run bungalow monitor beside the load")
        }
    }

    private static func memory(_ seen: [Double], or counted: [Double], source: String) -> Estimate? {
        let values = seen.isEmpty ? counted : seen
        let kind = seen.isEmpty ? "process_resident_memory_bytes" : "the monitor's samples"
        guard let most = values.max(), let least = values.min() else { return nil }
        return Estimate(most, plusMinus: most - least, source: "the most of \(kind) \(source)")
    }

    private mutating func findStartUp(_ run: RecordedRun, recipe: Recipe?, part: ClosedRange<Double>) {
        let probe = recipe?.workload.startup ?? recipe?.workload.readiness
        let seen = run.pods.compactMap { pod -> Double? in
            guard part.contains(pod.created), let started = pod.started, let ready = pod.ready else { return nil }
            return ready - started
        }
        guard !seen.isEmpty else {
            open.append("start_up_s: no pod was added; a run in which one is added, with its times, would tell")
            return
        }
        // The probe that found the pod ready came up to a period after the pod was.
        let period = probe?.period ?? 0
        let mean = seen.reduce(0, +) / Double(seen.count)
        let value = max(0, mean - (probe?.initialDelay ?? 0) - period / 2)
        startUp = Estimate(
            value, plusMinus: 1 + period / 2,
            source: "\(seen.count) pods, from the container's start to Ready, less the probe's wait")
    }
}

extension RunProof {
    /// Unix seconds.
    package var span: ClosedRange<Double> {
        min(started.seconds, ended.seconds)...max(started.seconds, ended.seconds)
    }
}
