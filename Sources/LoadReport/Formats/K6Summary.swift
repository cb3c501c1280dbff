import Foundation
import LatencyAnalyzer

/// k6's summary: what `handleSummary` is given, or what `--summary-export` writes; times are milliseconds.
///
/// The formats' source is k6 1.1's own output. A summary has no date, so the run is taken to have ended when the file
/// was written.
struct K6Summary {
    private let metrics: [String: [String: Double]]
    private let duration: Double?

    private struct Handled: Decodable {
        let state: State?
        let metrics: [String: Metric]

        struct State: Decodable { let testRunDurationMs: Double? }
        struct Metric: Decodable { let values: Numbers }
    }

    private struct Exported: Decodable {
        let metrics: [String: Numbers]
    }

    /// An object's numbers; whatever else it holds is passed over.
    private struct Numbers: Decodable {
        let values: [String: Double]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            values = Dictionary(
                container.allKeys.compactMap { key in
                    (try? container.decode(Double.self, forKey: key)).map { (key.stringValue, $0) }
                }, uniquingKeysWith: { first, _ in first })
        }

        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    init(_ data: Data) throws {
        let decoder = JSONDecoder()
        if let handled = try? decoder.decode(Handled.self, from: data) {
            metrics = handled.metrics.mapValues(\.values.values)
            duration = handled.state?.testRunDurationMs.map { $0 / 1000 }
        } else {
            metrics = try decoder.decode(Exported.self, from: data).metrics.mapValues(\.values)
            duration = nil
        }
    }

    func run(of file: InputFile) throws -> LoadRun {
        guard let whole = metrics["http_req_duration"], let requests = metrics["http_reqs"],
            let calls = requests["count"].flatMap(Int.init(count:))
        else { throw UnreadableFile("a k6 summary without http_reqs: no HTTP request was made") }
        var run = LoadRun(name: file.runName, tool: "k6")
        run.sources = [file.relativePath]
        run.calls = calls
        run.failures = failures(of: calls)
        let answered = calls - (run.failures ?? 0)
        let seconds = duration ?? requests["rate"].map { $0 > 0 ? Double(calls) / $0 : 0 }
        if let seconds, seconds > 0 {
            run.achievedRate = Double(answered) / seconds
            run.times = file.lastChange.advanced(by: -seconds)...file.lastChange
            run.isTimeOfFile = true
        }
        // The time to a failure is not a latency.
        guard answered > 0 else { return run }
        let durations = metrics["http_req_duration{expected_response:true}"] ?? whole
        var values: [Double: Double] = [:]
        for percentile in LatencyHistogram.percentiles {
            let text = percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
            values[percentile] = durations["p(\(text))"]
        }
        values[50] = values[50] ?? durations["med"]
        run.percentiles = Percentiles(count: answered, values: values, longest: durations["max"])
        run.meanMilliseconds = durations["avg"]
        return run
    }

    private func failures(of calls: Int) -> Int? {
        guard let failed = metrics["http_req_failed"] else { return nil }
        // A rate metric counts what was true: here, what failed.
        return (failed["passes"] ?? failed["value"].map { ($0 * Double(calls)).rounded() }).flatMap(Int.init(count:))
    }
}
