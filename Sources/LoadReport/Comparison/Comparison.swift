import Files

/// Compares two folders of load tests, load by load and metric by metric: what became slower, and what faster.
public struct Comparison: Sendable {
    /// One metric of one load.
    struct Row: Sendable {
        let load: String
        let metric: ComparedMetric
        let runs: (results: Int, baseline: Int)
        let values: (results: Double?, baseline: Double?)
        /// Nil if nothing shows how uncertain the values are.
        let difference: Difference?
    }

    /// What a row shows.
    enum Finding: Equatable {
        case differs(String)
        case notShown
        /// With what is missing.
        case unjudged(String)
    }

    /// The confidence of each comparison: of the intervals of all its rows together.
    static let confidence = 0.95
    /// A smaller difference is ignored: two runs of one build may differ by as much.
    static let leastDifference = 0.05
    /// If each side has one run, the interval does not include how much two runs of one build differ.
    static let leastDifferenceOfSingleRuns = 0.1

    let rows: [Row]
    /// Whether loads were compared, and what else differs.
    let claims: [Claim]
    /// The baseline's name, as people see it.
    let baselineName: String
    /// Of each interval, so that all together hold with `confidence`.
    let intervalShare: Double

    /// Compares results with a baseline.
    ///
    /// - Parameter seed: of what is drawn at random; the same seed draws the same.
    public init(_ results: LoadEvidence, against baseline: LoadEvidence, named name: String, seed: UInt64) {
        let (pairs, alone, rest) = LoadRuns.pairs(LoadRuns.of(results), LoadRuns.of(baseline))
        let bootstrap = BlockBootstrap(seed: seed)
        var (rows, claims) = ([Row](), ComparedLoads())
        for (ours, theirs) in pairs {
            let differences = SystemDifferences(ours, theirs)
            claims.add(ours.key.text, differences, ours, theirs)
            guard differences.refusals.isEmpty else { continue }
            rows += ComparedMetric.allCases.compactMap { Row($0, ours, theirs, bootstrap) }
        }
        claims.add(alone: alone, rest)
        self.rows = rows
        self.claims = claims.claims
        baselineName = name
        let count = Self.shown(rows).filter { $0.difference != nil }.count
        // Bonferroni's level: the same interval decides and is shown.
        intervalShare = 1 - (1 - Self.confidence) / Double(max(count, 1))
    }

    /// What a row shows, by its interval and the smallest difference of interest.
    func finding(_ row: Row) -> Finding {
        guard let difference = row.difference else {
            guard row.values.results != nil, row.values.baseline != nil else {
                return .unjudged("needs \(row.metric.need)")
            }
            return .unjudged("needs several runs, or times of the requests: nothing shows how much it varies")
        }
        if difference.basis == .responses {
            return .unjudged(
                "needs several runs, or times of the requests: single responses do not show how much runs vary")
        }
        let least = difference.basis == .runs ? Self.leastDifference : Self.leastDifferenceOfSingleRuns
        guard !difference.relativeInterval(intervalShare).contains(0), abs(difference.relative) >= least else {
            return .notShown
        }
        return .differs(row.metric.words(isMore: difference.relative > 0))
    }

    /// The rows of the table: those that either folder has; the mean is for loads without percentiles.
    var shownRows: [Row] { Self.shown(rows) }

    private static func shown(_ rows: [Row]) -> [Row] {
        let known = rows.filter { $0.values.results != nil || $0.values.baseline != nil }
        let withPercentiles = Set(known.filter { $0.metric == .p50 }.map(\.load))
        return known.filter {
            ComparedMetric.compared.contains($0.metric) || $0.metric == .mean && !withPercentiles.contains($0.load)
        }
    }
}

extension Comparison.Row {
    fileprivate init?(
        _ metric: ComparedMetric, _ results: LoadRuns, _ baseline: LoadRuns, _ bootstrap: BlockBootstrap
    ) {
        self.metric = metric
        load = results.key.text
        runs = (results.runs.count, baseline.runs.count)
        difference = metric.isCount ? nil : Difference(metric, results, baseline, bootstrap)
        values = difference.map { ($0.results, $0.baseline) } ?? (results.value(metric), baseline.value(metric))
    }
}

extension LoadRuns {
    /// A metric of all runs together: the geometric mean or, for counts, the share of the requests.
    func value(_ metric: ComparedMetric) -> Double? {
        if metric.isCount {
            let counts = runs.compactMap { $0.count(metric) }
            let requests = counts.reduce(0) { $0 + $1.requests }
            guard counts.count == runs.count, requests > 0 else { return nil }
            return Double(counts.reduce(0) { $0 + $1.events }) / Double(requests)
        }
        let values = runs.compactMap { $0.value(metric) }
        return values.contains { $0 <= 0 } ? values.mean : values.map(\.logarithm).mean.map(\.exponential)
    }
}

/// The sentences on which loads were compared, with similar ones joined.
private struct ComparedLoads {
    private static let maximumCount = 20
    private static let maximumLoads = 6

    private struct Entry {
        let verdict: Verdict
        let numbers: [String]
        /// Whether something besides the load differs.
        let isAnother: Bool
        var loads: [String]
    }

    private var found: [Entry] = []

    private mutating func add(_ verdict: Verdict, _ numbers: [String], _ load: String, isAnother: Bool = false) {
        guard let index = found.firstIndex(where: { $0.verdict == verdict && $0.numbers == numbers }) else {
            return found.append(Entry(verdict: verdict, numbers: numbers, isAnother: isAnother, loads: [load]))
        }
        found[index].loads.append(load)
    }

    mutating func add(_ load: String, _ differences: SystemDifferences, _ results: LoadRuns, _ baseline: LoadRuns) {
        guard differences.refusals.isEmpty else { return add(.void, differences.refusals, load) }
        let left = [("the results", results), ("the baseline", baseline)].compactMap { side, runs in
            runs.void.isEmpty ? nil : "left out of \(side), since VOID: \(runs.void.prefix(5).joined(separator: ", "))"
        }
        let unknown =
            differences.unknown.isEmpty
            ? [] : ["the files do not show the \(differences.unknown.joined(separator: ", ")) of both"]
        let same = differences.named.isEmpty && unknown.isEmpty ? ["the same build, model and configuration"] : []
        let verdict: Verdict = unknown.isEmpty ? .proven : .unproven
        add(verdict, same + differences.named + unknown + left, load, isAnother: !differences.named.isEmpty)
    }

    mutating func add(alone: [LoadRuns], _ rest: [LoadRuns]) {
        for one in alone {
            let near = rest.first { one.key.isNear($0.key) }
            add(
                .void, near.map { one.key.differences(from: $0.key) } ?? ["the baseline has no such load"], one.key.text
            )
        }
        for one in rest where !alone.contains(where: { $0.key.isNear(one.key) }) {
            add(.void, ["the results have no such load"], one.key.text)
        }
        guard found.isEmpty else { return }
        found.append(
            Entry(
                verdict: .void, numbers: ["neither folder has a load that can be compared"], isAnother: false, loads: []
            ))
    }

    var claims: [Claim] {
        found.prefix(Self.maximumCount).map { entry in
            let rest = entry.loads.count - Self.maximumLoads
            let loads =
                entry.loads.prefix(Self.maximumLoads).joined(separator: "; ") + (rest > 0 ? " and \(rest) more" : "")
            let text = entry.loads.isEmpty ? "Nothing" : loads
            let system = entry.isAnother ? "the same load, under other conditions" : "the same load"
            let statement =
                switch entry.verdict {
                case .proven: "\(text): \(system)"
                case .void: "\(text): not compared"
                case .unproven: "\(text): \(system), as far as the files show"
                }
            return Claim(verdict: entry.verdict, statement: statement, numbers: entry.numbers)
        }
    }
}
