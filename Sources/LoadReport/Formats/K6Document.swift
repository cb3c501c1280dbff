import Foundation

/// A metric of a k6 summary: its values, and its thresholds with whether each holds.
struct K6Metric {
    var values: [String: Double] = [:]
    var thresholds: [(expression: String, holds: Bool)] = []

    /// How often the event that a rate metric is named after occurred; nil if the metric does not count.
    ///
    /// `passes` are the occurrences, as in k6's own summaries, unless the rate shows that `fails` are: in examples of
    /// the new form the two are swapped. `matches` are always the occurrences.
    ///
    /// - Parameter number: how many events there were, if the metric has only a rate.
    func occurrences(among number: Int?) -> (count: Int, total: Int?, isConsistent: Bool)? {
        let rate = values["rate"] ?? values["value"]
        let whole = { (name: String) in values[name].flatMap(Int.init(count:)) }
        if let matches = whole("matches"), let total = whole("total"), matches <= total {
            return (matches, total, Self.isShare(matches, of: total, rate))
        }
        if let passes = whole("passes"), let fails = whole("fails") {
            let total = passes + fails
            if Self.isShare(passes, of: total, rate) { return (passes, total, true) }
            if Self.isShare(fails, of: total, rate) { return (fails, total, true) }
            return (max(passes, fails), total, false)
        }
        guard let rate, let number, (0...1).contains(rate) else { return nil }
        // A small share must not round to zero.
        let count = (rate * Double(number)).rounded(rate > 0 && rate * Double(number) < 1 ? .up : .toNearestOrEven)
        return (Int(count), nil, true)
    }

    private static func isShare(_ count: Int, of total: Int, _ rate: Double?) -> Bool {
        guard let rate else { return true }
        return total == 0 ? count == 0 : abs(Double(count) / Double(total) - rate) <= 0.5 / Double(total)
    }
}

/// The common part of the JSON of k6's summaries.
struct K6Document: Decodable {
    let state: State?
    let config: Config?
    let metadata: Metadata?
    let results: Results?
    private let metrics: [String: Metric]?
    private let rootGroup: Group?

    private enum CodingKeys: String, CodingKey {
        case state, config, metadata, results, metrics, rootGroup = "root_group"
    }

    struct State: Decodable { let testRunDurationMs: Double? }
    struct Config: Decodable { let duration: Double? }
    struct Metadata: Decodable { let generatedAt: String? }

    struct Results: Decodable {
        let passed: Bool?
        fileprivate let metrics: [Metric]?
        fileprivate let checks: Checks?
        fileprivate let thresholds: [Threshold]?
    }

    var allMetrics: [String: K6Metric] {
        var found = (metrics ?? [:]).mapValues(\.metric)
        for one in (results?.metrics ?? []) + (results?.checks?.metrics.values ?? []) {
            guard let name = one.name else { continue }
            found[name] = one.metric
        }
        for threshold in results?.thresholds ?? [] {
            guard let expression = threshold.text, let holds = threshold.holds else { continue }
            found[threshold.metric ?? "the run", default: K6Metric()].thresholds.append((expression, holds))
        }
        return found
    }

    var allChecks: [LoadCheck] { (rootGroup?.allChecks ?? []) + (results?.checks?.results ?? []).map(\.check) }

    /// A list, or an object whose keys are the elements' names.
    fileprivate struct Collection<Element: Decodable>: Decodable {
        let values: [Element]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let list = try? container.decode([Element].self) {
                values = list
            } else {
                values = try container.decode([String: Element].self).sorted { $0.key < $1.key }.map(\.value)
            }
        }
    }

    fileprivate struct Checks: Decodable {
        let metrics: Collection<Metric>
        let results: [Check]

        private enum CodingKeys: String, CodingKey { case metrics, results, orderedChecks }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            metrics =
                try container.decodeIfPresent(Collection<Metric>.self, forKey: .metrics)
                ?? JSONDecoder().decode(Collection<Metric>.self, from: Data("[]".utf8))
            results =
                try container.decodeIfPresent([Check].self, forKey: .results)
                ?? container.decodeIfPresent([Check].self, forKey: .orderedChecks) ?? []
        }
    }

    fileprivate struct Check: Decodable {
        let name: String
        let passes, fails: Int

        var check: LoadCheck { LoadCheck(name: name, passes: max(passes, 0), fails: max(fails, 0)) }
    }

    fileprivate struct Group: Decodable {
        let groups: Collection<Group>?
        let checks: Collection<Check>?

        var allChecks: [LoadCheck] {
            (checks?.values ?? []).map(\.check) + (groups?.values ?? []).flatMap(\.allChecks)
        }
    }

    fileprivate struct Threshold: Decodable {
        let metric, source, expression: String?
        let ok, passed: Bool?

        var holds: Bool? { ok ?? passed }
    }
}

extension K6Document.Threshold {
    fileprivate var text: String? { expression ?? source }
}

extension K6Document {
    /// A metric in any of the forms; other fields are skipped.
    fileprivate struct Metric: Decodable {
        let name: String?
        let metric: K6Metric

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            name = try? container.decode(String.self, forKey: AnyKey("name"))
            var found = K6Metric()
            let own = try? container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("values"))
            let values = own ?? container
            for key in values.allKeys {
                if let value = try? values.decode(Double.self, forKey: key) { found.values[key.stringValue] = value }
            }
            if let thresholds = try? container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("thresholds")) {
                for key in thresholds.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
                    if let isCrossed = try? thresholds.decode(Bool.self, forKey: key) {
                        found.thresholds.append((key.stringValue, !isCrossed))
                    } else if let result = try? thresholds.decode(Threshold.self, forKey: key), let holds = result.holds
                    {
                        found.thresholds.append((key.stringValue, holds))
                    }
                }
            } else if let list = try? container.decode([Threshold].self, forKey: AnyKey("thresholds")) {
                for threshold in list {
                    guard let text = threshold.text, let holds = threshold.holds else { continue }
                    found.thresholds.append((text, holds))
                }
            }
            metric = found
        }

        private struct AnyKey: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
