import Foundation

/// The systems and tools of two folders' runs: differences between them must be named, for they may be the cause.
struct SystemDifferences {
    /// What differs, one line each.
    private(set) var named: [String] = []
    /// What cannot be compared, since a file does not have it.
    private(set) var unknown: [String] = []
    /// Why a comparison would be meaningless.
    private(set) var refusals: [String] = []

    init(_ results: LoadRuns, _ baseline: LoadRuns) {
        for (side, runs) in [("the results", results), ("the baseline", baseline)] where runs.runs.isEmpty {
            refusals.append("no run in \(side) is valid: VOID are \(runs.void.prefix(5).joined(separator: ", "))")
        }
        guard refusals.isEmpty else { return }
        let parts: [(name: String, isSystem: Bool, value: (LoadRun) -> String?)] = [
            ("build", true, { $0.system?.version?.executableSha256 ?? $0.system?.version?.release }),
            ("model", true, { $0.system?.version?.modelVersion }),
            ("configuration", true, { $0.system?.version?.configuration }),
            ("host", false, { $0.system.flatMap { URL(string: $0.target)?.host() } }),
            ("client", false, { $0.proof?.client }),
            ("version of the tool", false, { $0.proof?.toolVersion }),
            ("number of replicas", false, { $0.proof.flatMap { $0.counters.isEmpty ? nil : "\($0.counters.count)" } }),
        ]
        for part in parts {
            let (ours, theirs) = (Set(results.runs.map(part.value)), Set(baseline.runs.map(part.value)))
            for (side, values) in [("the results", ours), ("the baseline", theirs)]
            where part.isSystem && values.compactMap(\.self).count > 1 {
                refusals.append("in \(side) there are runs against more than one \(part.name)")
            }
            guard !ours.contains(nil), !theirs.contains(nil) else {
                if part.isSystem { unknown.append(part.name) }
                continue
            }
            guard ours != theirs else { continue }
            named.append("another \(part.name): \(Self.list(theirs)) before, \(Self.list(ours)) now".oneLine)
        }
        addLengths(results, baseline)
    }

    private mutating func addLengths(_ results: LoadRuns, _ baseline: LoadRuns) {
        let seconds = { (runs: LoadRuns) in
            runs.runs.compactMap { $0.times.map { $0.upperBound.seconds - $0.lowerBound.seconds } }.median
        }
        guard let now = seconds(results), let before = seconds(baseline), min(now, before) > 0,
            max(now, before) / min(now, before) > Self.allowedRatio
        else { return }
        named.append("runs of another length: \(before.shortest) s before, \(now.shortest) s now")
    }

    private static let allowedRatio = 1.5

    /// Hashes cut to 16 digits.
    private static func list(_ values: Set<String?>) -> String {
        values.compactMap { $0.map { String($0.prefix(16)) } }.sorted().prefix(3).joined(separator: ", ")
    }
}
