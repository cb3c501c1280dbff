import Foundation
import LatencyAnalyzer

/// Identifies the load of a run: runs of the same load may be compared, whatever system they were against.
struct LoadKey: Sendable {
    let tool: String
    let cacheRate: Double?
    /// Calls a second of the open model.
    private let offered: Double?
    /// Of the closed model.
    private let users: Int?
    /// For a run without a proof; a number at its end distinguishes rounds of one load.
    private let name: String?
    private let settings: [String: String]

    init(_ run: LoadRun) {
        tool = run.tool
        guard let proof = run.proof else {
            name = run.name.replacing(#/[-_. ](round|run)?[-_. ]*\d+$/#, with: "")
            (cacheRate, offered, users, settings) = (nil, nil, nil, [:])
            return
        }
        name = nil
        cacheRate = proof.cacheRate
        offered = proof.model == .open ? proof.rate.offered : nil
        users = proof.model == .closed ? proof.users : nil
        settings = (proof.settings ?? [:]).merging(["HOT_RECORDS": "\(proof.hotRecords)"]) { own, _ in own }
    }

    /// As people see it: `k6, 200/s, cache rate 0.5`.
    var text: String {
        let parts = [
            tool, model.map { $0 == "closed" ? usersText : offeredText }, cacheRate.map { "cache rate \($0.shortest)" },
            name.flatMap { $0.isEmpty ? nil : $0.oneLine },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private var model: String? { users != nil ? "closed" : cacheRate != nil ? "open" : nil }
    private var usersText: String { "\(users ?? 0) users" }
    private var offeredText: String { offered.map { "\($0.shortest)/s" } ?? "an unknown rate" }

    /// The differences that make two loads incomparable; a setting that is missing in one file does not count.
    func differences(from other: Self) -> [String] {
        var found: [String] = []
        if tool != other.tool { found.append("tool \(tool), not \(other.tool)") }
        if cacheRate != other.cacheRate { found.append("cache rate \(cacheRate.cell), not \(other.cacheRate.cell)") }
        if model != other.model {
            found.append("the \(model ?? "unknown") model, not the \(other.model ?? "unknown")")
        } else if users != other.users {
            found.append("\(usersText), not \(other.usersText)")
        } else if offered != other.offered {
            found.append("\(offeredText), not \(other.offeredText)")
        }
        if name != other.name {
            found.append("\(name ?? "a run with a proof"), not \(other.name ?? "one with a proof")")
        }
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) where key != "CACHE_RATE" {
            guard let others = other.settings[key], others != value else { continue }
            found.append("\(key)=\(value), not \(others)".oneLine)
        }
        return found
    }

    /// Whether two different loads are so similar that the user may have meant to compare them.
    func isNear(_ other: Self) -> Bool { tool == other.tool && cacheRate == other.cacheRate && name == other.name }
}

/// The runs of one load in a folder.
struct LoadRuns: Sendable {
    private static let maximumCount = 200

    let key: LoadKey
    /// Those whose figures are valid.
    private(set) var runs: [LoadRun] = []
    /// Those that are VOID, by name.
    private(set) var void: [String] = []

    /// All loads of a folder, in the order of their first runs, without searches for saturation.
    static func of(_ evidence: LoadEvidence) -> [Self] {
        var found: [Self] = []
        for run in evidence.runs where !run.isSaturationSearch && (run.issuedCalls ?? 0) > 0 {
            let key = LoadKey(run)
            let index = found.firstIndex { $0.key.differences(from: key).isEmpty }
            guard let place = index ?? (found.count < maximumCount ? found.count : nil) else { continue }
            if place == found.count { found.append(Self(key: key)) }
            if run.cacheRateClaim?.verdict == .void {
                found[place].void.append(run.name)
            } else {
                found[place].runs.append(run)
            }
        }
        return found
    }

    /// Pairs of the same load; `alone` are those without a counterpart in the other folder.
    static func pairs(
        _ results: [Self], _ baseline: [Self]
    ) -> (pairs: [(Self, Self)], results: [Self], baseline: [Self]) {
        var pairs: [(Self, Self)] = []
        var (alone, rest) = ([Self](), baseline)
        for one in results {
            if let index = rest.firstIndex(where: { one.key.differences(from: $0.key).isEmpty }) {
                pairs.append((one, rest.remove(at: index)))
            } else {
                alone.append(one)
            }
        }
        // Runs without a proof have only a name, which people choose each time.
        for tool in Set(alone.map(\.key.tool)).sorted() {
            let ours = alone.indices.filter { alone[$0].key.tool == tool && alone[$0].key.cacheRate == nil }
            let theirs = rest.indices.filter { rest[$0].key.tool == tool && rest[$0].key.cacheRate == nil }
            guard let mine = ours.first, let other = theirs.first, ours.count == 1, theirs.count == 1 else { continue }
            pairs.append((alone.remove(at: mine), rest.remove(at: other)))
        }
        return (pairs, alone, rest)
    }
}
