import Foundation
import Testing

@testable import LoadReport

/// Two folders for one comparison.
struct ComparedFolders {
    let baseline: ReportFolder
    let results: ReportFolder

    init() throws {
        baseline = try ReportFolder()
        results = try ReportFolder()
    }

    /// A pair that was recorded: three rounds of each side.
    init(recorded name: String) throws {
        try self.init()
        for (side, folder) in [("baseline", baseline), ("results", results)] {
            for file in try ReportFolder.vectorNames("comparison/\(name)/\(side)") { try folder.add(file) }
        }
    }

    func compare(seed: UInt64 = 1) throws -> Comparison {
        Comparison(try results.read(), against: try baseline.read(), named: "baseline", seed: seed)
    }

    func gate(_ conditions: String..., window: Double? = nil) throws -> Gate {
        Gate(
            try conditions.map(Condition.init), windowSeconds: window, try results.read(), against: try baseline.read(),
            try compare())
    }

    /// Changes a text in all files of the results.
    func change(_ old: String, to new: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: results.url.path) {
            let text = try String(contentsOf: results.url.appending(path: name), encoding: .utf8)
            try #require(text.contains(old), "\(old) is not in \(name)")
            try results.write(text.replacing(old, with: new), to: name)
        }
    }
}

extension Comparison {
    func row(_ metric: ComparedMetric) throws -> Row { try #require(rows.first { $0.metric == metric }) }

    func finding(_ metric: ComparedMetric) throws -> Finding { finding(try row(metric)) }
}

/// Runs of k6 made up of parts, as loadtest/ writes them.
struct MadeRuns {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func unit() -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }

    /// Box and Muller (1958).
    mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit()) }

    /// A run with drifting response times: each part's differ a little from the previous part's.
    ///
    /// - Parameters:
    ///   - slower: a factor of all response times.
    ///   - drift: how much runs, and parts of a run, differ for no reason.
    mutating func run(
        name: String, slower: Double, drift: (run: Double, part: Double), parts: Int = 10
    ) throws -> String {
        var level = normal() * drift.run
        var found: [[String: Double]] = []
        var all: [Double] = []
        for _ in 0..<parts {
            level = level * 0.7 + normal() * drift.part
            let times = (0..<100).map { _ in 2 * slower * exp(level + 0.4 * normal()) }
            found.append(Self.percentiles(times))
            all += times
        }
        var text = try ReportFolder.text("comparison/same-1/baseline/round-1.run.json")
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        object["name"] = name
        object["latency_ms"] = ["peak": nil, "sustained": Self.percentiles(all)]
        object["parts"] = ["seconds": 1.0, "latency_ms": found]
        text = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        return text
    }

    private static func percentiles(_ times: [Double]) -> [String: Double] {
        let sorted = times.sorted()
        let pairs = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)].map {
            ($0.0, sorted[min(Int($0.1 * Double(sorted.count)), sorted.count - 1)])
        }
        return Dictionary(uniqueKeysWithValues: pairs + [("count", Double(sorted.count))])
    }
}
