import Foundation

/// `/metrics` of servers, saved before and after a load: files that look like Prometheus text, whatever their names.
struct SavedMetrics {
    /// One file.
    struct Scrape {
        var name: String
        /// Unix seconds of its last change.
        var time: Double
        var instance: String
        var started: Double?
        var cpuSeconds: Double
        var hits, misses, rejected: Double
        /// The mean scoring time of a hit, in seconds.
        var hitTime: Double?
        var residentMiB: Double?
    }

    /// What a server counted between two files.
    private(set) var spans: [RecordedRun.CounterSpan] = []
    private(set) var notes: [String] = []
    private(set) var names: Set<String> = []
    private static let maximumByteCount = 4 << 20
    /// No server has more cores: what used more CPU than that lasted longer than the files' times say.
    private static let mostCores = 256.0

    /// - Parameter requests: the requests of all scoring logs, by Unix second.
    init(_ folder: RecordingFiles, requests: [Int: Int]) {
        var scrapes: [Scrape] = []
        for file in folder.all {
            guard let text = Self.text(file.url) else { continue }
            names.insert(file.name)
            guard let scrape = Self.scrape(text, name: file.name, url: file.url) else {
                notes.append(
                    "\(file.name) is left out: it has no process_cpu_seconds_total and bungalow_cache_lookups_total")
                continue
            }
            scrapes.append(scrape)
        }
        for (_, all) in Dictionary(grouping: scrapes, by: \.instance).sorted(by: { $0.key < $1.key }) {
            read(all, requests: requests, isAlone: Set(scrapes.map(\.instance)).count == 1)
        }
    }

    private mutating func read(_ all: [Scrape], requests: [Int: Int], isAlone: Bool) {
        // A copy of a file is later than the file.
        let sorted = all.sorted { ($0.cpuSeconds, $0.time) < ($1.cpuSeconds, $1.time) }
        var distinct: [Scrape] = []
        for scrape in sorted where distinct.last?.cpuSeconds != scrape.cpuSeconds { distinct.append(scrape) }
        guard distinct.count > 1 else {
            notes.append(
                "\(sorted[0].name) is left out: it is the only /metrics of its server; save them before and after the load"
            )
            return
        }
        for (one, next) in zip(distinct, distinct.dropFirst()) {
            guard next.hits >= one.hits, next.misses >= one.misses else {
                notes.append("\(next.name) is left out: its counters are below those of \(one.name)")
                continue
            }
            guard let times = Self.times(one, next, requests: requests, isAlone: isAlone) else {
                notes.append(
                    "\(one.name) and \(next.name) are left out: the files' times of change do not tell how long lies between "
                        + "them; copy them with their times (cp -p), or add the scoring log of that time")
                continue
            }
            var span = RecordedRun.CounterSpan(
                begin: times.lowerBound, end: times.upperBound, cpuSeconds: next.cpuSeconds - one.cpuSeconds,
                hits: next.hits - one.hits, misses: next.misses - one.misses, rejected: next.rejected - one.rejected)
            span.hitTime = next.hitTime
            span.memory = [one.residentMiB, next.residentMiB].compactMap(\.self)
            if let started = one.started, one.time == times.lowerBound, one.time - started >= 1,
                one.hits + one.misses == 0
            {
                span.mostBase = one.cpuSeconds / (one.time - started)
            }
            spans.append(span)
        }
    }

    /// By the files' times of change, if these fit the requests that were logged; else by the log.
    private static func times(
        _ one: Scrape, _ next: Scrape, requests: [Int: Int], isAlone: Bool
    ) -> ClosedRange<Double>? {
        let counted = next.hits + next.misses - one.hits - one.misses
        let elapsed = next.time - one.time
        let isPossible =
            elapsed >= 1 && next.cpuSeconds - one.cpuSeconds <= mostCores * elapsed
            && one.time >= (one.started ?? 0) - 1
        func fits(_ logged: Int) -> Bool { abs(Double(logged) - counted) <= 2 + 0.1 * counted }
        let isLogged = isAlone && !requests.isEmpty
        let within = requests.reduce(0) { sum, second in
            Double(second.key) >= one.time - 1 && Double(second.key) <= next.time ? sum + second.value : sum
        }
        if isPossible, !isLogged || fits(within) { return one.time...next.time }
        guard isLogged, fits(requests.values.reduce(0, +)), let first = requests.keys.min(),
            let last = requests.keys.max()
        else { return nil }
        return Double(first)...Double(last + 1)
    }

    /// A file's text if it looks like Prometheus'.
    private static func text(_ file: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let head = try? handle.read(upToCount: 4096) else { return nil }
        let beginning = String(decoding: head, as: UTF8.self)
        guard let first = beginning.split(whereSeparator: \.isNewline).first,
            first.hasPrefix("# HELP ") || first.hasPrefix("# TYPE ")
                || first.wholeMatch(of: #/[a-zA-Z_:]+(\{.*\})? [-+0-9.eE]+( \d+)?/#) != nil
        else { return nil }
        let rest = (try? handle.read(upToCount: maximumByteCount)) ?? Data()
        let text = String(decoding: head + rest, as: UTF8.self)
        return text.contains("# TYPE ") || text.contains("process_cpu_seconds_total") ? text : nil
    }

    private static func scrape(_ text: String, name: String, url: URL) -> Scrape? {
        var values: [Substring: Double] = [:]
        var instance = ""
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let end = line.lastIndex(of: "}") ?? line.firstIndex(of: " ").map({ line.index(before: $0) }) else {
                continue
            }
            let series = line[...end]
            let value = line[line.index(after: end)...].split(separator: " ").first.flatMap { Double($0) }
            guard let value, value.isFinite else { continue }
            values[series] = value
            if let match = series.firstMatch(of: #/^bungalow_build_info\{.*instance="([^"]*)"/#) {
                instance = String(match.1)
            }
        }
        func lookUps(_ result: String) -> Double? { values["bungalow_cache_lookups_total{result=\"\(result)\"}"] }
        guard let cpu = values["process_cpu_seconds_total"], let hits = lookUps("hit"), let misses = lookUps("miss")
        else { return nil }
        let changed = try? url.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
        let rejected = values.filter { $0.key.hasPrefix("bungalow_rejected_requests_total{") }.values.reduce(0, +)
        let times = ["sum", "count"].map { values["bungalow_scoring_duration_seconds_\($0){cache=\"hit\"}"] ?? 0 }
        return Scrape(
            name: name, time: changed?.timeIntervalSince1970 ?? 0,
            instance: instance.isEmpty ? "\(values["process_start_time_seconds"] ?? 0)" : instance,
            started: values["process_start_time_seconds"], cpuSeconds: cpu, hits: hits,
            misses: misses + (lookUps("bypass") ?? 0), rejected: rejected,
            hitTime: times[1] > 0 ? times[0] / times[1] : nil,
            residentMiB: values["process_resident_memory_bytes"].map { $0 / 1_048_576 })
    }
}
