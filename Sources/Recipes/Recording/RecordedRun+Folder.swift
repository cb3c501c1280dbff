import Cluster
package import LoadReport
import Simulation

/// Reads a recording's folder: what `bungalow report` reads, and the tables that a recorder of a cluster writes.
extension RecordedRun {
    /// - Parameters:
    ///   - folder: its path.
    ///   - evidence: what `LoadFolder` found in it.
    package init(folder: String, evidence: LoadEvidence) throws(RecipeError) {
        let files = RecordingFiles(folder: folder)
        let logs = ScoringLogs(files)
        let requestsBySecond = logs.pods.reduce(into: [:]) { $0.merge($1.seconds, uniquingKeysWith: +) }
        let metrics = SavedMetrics(files, requests: requestsBySecond)
        filesRead = files.tables.union(logs.names).union(metrics.names)
        notes = logs.notes + metrics.notes
        let use = evidence.resources.max { $0.samples.count < $1.samples.count }
        let runs = evidence.runs.filter { !$0.isSaturationSearch }
        let begins = [requestsBySecond.keys.min().map(Double.init), metrics.spans.map(\.begin).min()].compactMap(\.self)
        let partial = use == nil ? try files.partialMonitor() : nil
        origin = try files.origin() ?? partial?.start ?? Self.origin(use, runs: runs) ?? begins.min()
        let origin = origin ?? 0
        let shift = (use?.start.seconds ?? origin) - origin
        let isAssumed = use.map { Self.isStartAssumed($0, runs: runs) } ?? false
        samples = (use?.samples ?? []).map { Sample($0, shift: isAssumed ? 0 : shift) }
        let found = runs.flatMap { $0.intervals.isEmpty ? $0.wholeInterval : $0.intervals }
        intervals = found.map { Interval($0, origin: origin) }.sorted { $0.start < $1.start }
        if let use, Self.isStartAssumed(use, runs: runs) {
            isStartAssumed = true
            notes.append(
                "\(use.source) has no date: it is taken to have begun with the load; a name such as "
                    + "use-20261121T072600Z.csv says when")
        }
        if evidence.resources.count > 1, let use {
            notes.append(
                "\(evidence.resources.map(\.source).joined(separator: ", ")): there are \(evidence.resources.count) recordings of a "
                    + "monitor; \(use.source), which has the most samples, is used")
        }
        if let partial { take(partial, origin: origin) }
        tools = runs.map { $0.tool.lowercased() }
        try read(files, logs: logs, origin: origin)
        counterSpans = metrics.spans.map { $0.moved(by: -origin) }
        if requests.isEmpty {
            requests = runs.flatMap(\.requests).map {
                RecordedRequests(start: $0.start - origin, seconds: $0.seconds, count: $0.count)
            }
            requestSource = runs.map(\.tool).first ?? ""
            isLoadGuessed = requestSource == "siege" && phases == nil
        }
        let ends = [
            samples.last?.time, intervals.map(\.end).max(), requests.map { $0.start + $0.seconds }.max(),
            runs.compactMap { $0.times.map { $0.upperBound.seconds - origin } }.max(), counterSpans.map(\.end).max(),
        ]
        length = ends.compactMap(\.self).max() ?? 0
        guard length > 0 else {
            throw RecipeError(
                "\(folder): no recorded run was found in it: give a folder with monitor's CSV, the files of siege, k6 or Locust, "
                    + "scoring logs, or /metrics saved before and after a load" + notes.map { "; \($0)" }.joined())
        }
        guard length <= 1e6 else {
            throw RecipeError(
                "\(folder): its files span \(fixed(length / 86_400, 0)) days: give a single run, at most 1000000 s")
        }
        replicas.sort { $0.time < $1.time }
        try checkTimes(folder: folder, runs: runs)
    }

    private mutating func take(_ monitor: PartialMonitor, origin: Double) {
        lackingColumns = monitor.lacking
        filesRead.insert(monitor.name)
        isStartAssumed = monitor.start == nil
        let shift = monitor.start.map { $0 - origin } ?? 0
        samples = monitor.samples.map { sample in
            var sample = sample
            sample.time += shift
            return sample
        }
        notes.append("\(monitor.name) lacks the column \(monitor.lacking.sorted().joined(separator: ", "))")
    }

    /// The recorder's tables and `/metrics` in a folder, by name, whatever they hold.
    package static func knownFiles(folder: String) -> Set<String> {
        let files = RecordingFiles(folder: folder)
        return files.tables.union(SavedMetrics(files, requests: [:]).names)
    }

    /// Clients that log local times may seem to have run at another time than the monitor.
    private func checkTimes(folder: String, runs: [LoadRun]) throws(RecipeError) {
        guard let first = samples.first?.time, let last = samples.last?.time, !intervals.isEmpty,
            !filesRead.contains("phases.csv"),
            runs.contains(where: { $0.tool.lowercased() == "siege" }),
            intervals.allSatisfy({ $0.end < first - 60 || $0.start > last + 60 })
        else { return }
        throw RecipeError(
            "\(folder): siege's rows are from \(fixed(intervals[0].start, 0)) s of the recording on, outside what the monitor saw "
                + "(\(fixed(first, 0)) to \(fixed(last, 0)) s): siege logs local times; name their zone with --time-zone"
        )
    }

    private mutating func read(_ files: RecordingFiles, logs: ScoringLogs, origin: Double) throws(RecipeError) {
        phases = try files.phases(origin: origin)
        if phases == nil { phases = SiegeMarks(try files.siegeLog(), intervals: intervals)?.phases }
        replicas = try files.replicas(origin: origin)
        publications = try files.publications(origin: origin)
        pods = try files.pods(origin: origin)
        podRequests = logs.pods.map { log in
            PodRequests(
                pod: log.pod, seconds: Self.shifted(log.seconds, by: origin, +),
                times: Self.shifted(log.times, by: origin, +))
        }
        // Where the recording has none of a pod's metrics, they are another workload's.
        let names = Set(podRequests.map(\.pod) + pods.map(\.name))
        if !names.isEmpty { publications = publications.filter { names.contains($0.pod) } }
        if let timeline = try files.requests() {
            (requests, requestSource) = (timeline, "timeline.csv")
        } else if !podRequests.isEmpty {
            requests = podRequests.flatMap(\.seconds).map {
                RecordedRequests(start: Double($0.key), seconds: 1, count: Double($0.value))
            }
            requestSource = "the scoring logs"
        }
    }

    /// What was counted by Unix seconds, by the recording's.
    private static func shifted<Value>(
        _ counted: [Int: Value], by origin: Double, _ add: (Value, Value) -> Value
    ) -> [Int: Value] {
        Dictionary(
            counted.map { (Int((Double($0.key) - origin).rounded(.down)), $0.value) }, uniquingKeysWith: add)
    }

    /// A monitor without a date ended when its file was last changed, unless the load was at another time then.
    private static func isStartAssumed(_ use: ResourceUse, runs: [LoadRun]) -> Bool {
        guard use.isTimeOfFile else { return false }
        let begin = use.start.seconds
        let end = begin + (use.samples.last?.seconds ?? 0)
        let times = runs.filter { !$0.isTimeOfFile }.compactMap(\.times)
        return times.isEmpty
            ? !runs.isEmpty : !times.allSatisfy { begin <= $0.lowerBound.seconds && $0.upperBound.seconds <= end + 60 }
    }

    /// A monitor without a date is taken to have begun with the load.
    private static func origin(_ use: ResourceUse?, runs: [LoadRun]) -> Double? {
        let begins = { (runs: [LoadRun]) in runs.compactMap { $0.times?.lowerBound.seconds }.min() }
        let begin = begins(runs.filter { !$0.isTimeOfFile })
        guard let use else { return begin ?? begins(runs) }
        return isStartAssumed(use, runs: runs) ? begin ?? use.start.seconds : use.start.seconds
    }
}

extension RecordedRun.CounterSpan {
    fileprivate func moved(by seconds: Double) -> Self {
        var span = self
        (span.begin, span.end) = (begin + seconds, end + seconds)
        return span
    }
}

extension RecordedRun.Sample {
    fileprivate init(_ sample: ResourceMonitor.Sample, shift: Double) {
        time = sample.seconds + shift
        pods = sample.replicas
        cores = (sample.requested.coreCount, sample.limits.coreCount, sample.used?.coreCount)
        memory = (sample.requested.mebibytes, sample.limits.mebibytes, sample.used?.mebibytes)
    }
}

extension RecordedRun.Interval {
    fileprivate init(_ interval: LoadInterval, origin: Double) {
        start = interval.start - origin
        seconds = interval.seconds
        requests = interval.requests
        failures = interval.failures
        mean = interval.meanMilliseconds.map { $0 / 1000 }
    }
}

extension LoadRun {
    /// A tool that reports no more than one mean: k6's summary.
    fileprivate var wholeInterval: [LoadInterval] {
        guard let times, let calls, let meanMilliseconds else { return [] }
        return [
            LoadInterval(
                start: times.lowerBound.seconds, seconds: times.upperBound.seconds - times.lowerBound.seconds,
                requests: calls, failures: 0, meanMilliseconds: meanMilliseconds)
        ]
    }
}
