import Bytes
import LatencyAnalyzer
import ReportPage

/// The charts of what clients saw: rates, latency, hit rates and saturation.
struct LoadCharts {
    // More runs than these could not be distinguished.
    private static let maximumRunCount = 200
    private static let colorCount = 8

    private let evidence: LoadEvidence
    private let runs: [LoadRun]
    private let times: ClosedRange<Instant>?
    private let width: Double

    private init(_ evidence: LoadEvidence, width: Double) {
        self.evidence = evidence
        self.width = width
        let times = evidence.times
        let drawn = evidence.runs.filter { run in run.times.map { times?.overlaps($0) ?? false } ?? false }
        runs = Array(drawn.prefix(Self.maximumRunCount))
        self.times = times
    }

    /// All of them as HTML.
    static func html(_ evidence: LoadEvidence) -> String {
        let charts: [(Self) -> Chart?] = [
            \.rates, \.latencies, \.hitRates, \.percentileCurves, \.saturation,
        ]
        return charts.compactMap { chart in Chart.html { chart(Self(evidence, width: $0)) } }.joined(separator: "\n")
    }

    /// Offered rate, successes and failures over time.
    private var rates: Chart? {
        let drawn = runs.filter { $0.steadyRate != nil }
        guard let times, !drawn.isEmpty else { return nil }
        let answered = drawn.map { run in RunLine(run, value: run.steadyRate, slot: \.answeredRate) }
        let failed = drawn.map { run in RunLine(run, value: nil, slot: \.failedRate) }
        let offered = drawn.compactMap { $0.proof?.rate.offered }
        let largest = (answered + failed).compactMap(\.largest) + offered
        let names = [
            ("succeeded", 0, true), ("offered", 1, !offered.isEmpty),
            ("failed", 4, failed.contains { $0.largest != nil }),
        ]
        var chart = Chart(
            title: "Requests/s over time", width: width, names: evidence.runNames(width: width, times),
            legend: names.filter(\.2).map { .init(name: $0.0, color: $0.1) })
        let time = Axis(times, chart)
        let axis = Axis(upTo: largest.max() ?? 1, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: "UTC")
        chart.draw(vertical: axis)
        for run in drawn {
            guard let offered = run.proof?.rate.offered else { continue }
            chart.draw(line: RunLine.flat(run, offered).points(time, axis), color: 1, isWide: true)
        }
        for line in failed { chart.draw(line: line.points(time, axis), color: 4) }
        for line in answered { chart.draw(line: line.points(time, axis), color: 0) }
        drawTips(&chart, drawn, time)
        return chart
    }

    private var latencies: Chart? {
        let drawn = runs.filter { $0.steadyPercentiles != nil || $0.series != nil || $0.meanMilliseconds != nil }
        guard let times, !drawn.isEmpty else { return nil }
        let percentiles = LoadSlot.percentiles
        let names = percentiles.map(LatencyHistogram.name(ofPercentile:)) + ["mean, if nothing else is known"]
        let lines = percentiles.enumerated().flatMap { color, percentile in
            drawn.map { run in
                let value = run.steadyPercentiles?.values[percentile]
                return (color, RunLine(run, value: value) { $0.slot.milliseconds[percentile] })
            }
        }
        let means = drawn.filter { $0.steadyPercentiles == nil && !$0.hasPercentilesOverTime }
            .compactMap { run in run.meanMilliseconds.map { (percentiles.count, RunLine.flat(run, $0)) } }
        guard let largest = (lines + means).compactMap(\.1.largest).max() else { return nil }
        let used = Set((lines + means).filter { $0.1.largest != nil }.map(\.0))
        var chart = Chart(
            title: "Latency over time, ms", width: width, names: evidence.runNames(width: width, times),
            legend: names.enumerated().filter { used.contains($0.offset) }
                .map { .init(name: $0.element, color: $0.offset) })
        let time = Axis(times, chart)
        let axis = Axis(upTo: largest, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: width < 640 ? "UTC" : "UTC; of the hold if reported separately")
        chart.draw(vertical: axis)
        for (color, line) in (lines + means).reversed() { chart.draw(line: line.points(time, axis), color: color) }
        drawTips(&chart, drawn, time)
        return chart
    }

    private var hitRates: Chart? {
        let drawn = runs.filter { $0.plannedHitRate != nil }
        guard let times, !drawn.isEmpty else { return nil }
        var chart = Chart(
            title: "Hit rate, planned and achieved, %", width: width, height: 220,
            names: evidence.runNames(width: width, times),
            legend: [.init(name: "achieved", color: 0), .init(name: "planned", color: 1)])
        let time = Axis(times, chart)
        let axis = Axis(upTo: 100, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: "UTC")
        chart.draw(vertical: axis)
        for run in drawn {
            if let planned = run.plannedHitRate {
                chart.draw(line: RunLine.flat(run, planned * 100).points(time, axis), color: 1, isWide: true)
            }
            if let achieved = run.achievedHitRate {
                chart.draw(line: RunLine.flat(run, achieved * 100).points(time, axis), color: 0)
            }
        }
        drawTips(&chart, drawn, time)
        return chart
    }

    /// One curve per cache rate, or per run if there is no cache rate.
    private var percentileCurves: Chart? {
        let groups = CacheRateRuns.of(evidence.runs, SystemGroups(evidence.runs)).map { group in
            let found = group.proven.compactMap(\.latencyMs.sustained)
            return (name: "cache rate \(group.name)", values: found.medians)
        }
        let others = runs.filter { $0.proof?.cacheRate == nil && $0.steadyPercentiles != nil }.map { run in
            (name: run.name, values: run.steadyPercentiles?.values ?? [:])
        }
        let curves = (groups + others).filter { $0.values.count > 1 }
        let values = curves.flatMap(\.values.values).filter { $0 > 0 }
        guard let least = values.min(), let most = values.max() else { return nil }
        let rest = max(curves.count - Self.colorCount, 0)
        var chart = Chart(
            title: "Latency at percentiles, ms, logarithmic" + (rest > 0 ? " (\(rest) more are not drawn)" : ""),
            width: width,
            legend: curves.prefix(Self.colorCount).enumerated().map { .init(name: $0.element.name, color: $0.offset) })
        let across = Axis(
            percentiles: LatencyHistogram.percentiles, named: LatencyHistogram.name(ofPercentile:),
            places: (chart.left + 24, chart.right - 24))
        let up = Axis(logarithmicFrom: least, to: most, places: (chart.bottom, chart.top))
        chart.draw(
            horizontal: across,
            caption: width < 640
                ? "percentile" : "percentile; medians of the proven runs, of the hold if reported separately")
        chart.draw(vertical: up)
        for (color, curve) in curves.prefix(Self.colorCount).enumerated() {
            let points = LatencyHistogram.percentiles.compactMap { one in
                curve.values[one].map { (x: across.place(Axis.tail(one)), y: Optional(up.place($0))) }
            }
            chart.draw(line: points, color: color)
        }
        return chart
    }

    private var saturation: Chart? { SaturationChart(evidence.runs).chart(width: width) }

    private func drawTips(_ chart: inout Chart, _ runs: [LoadRun], _ time: Axis) {
        for run in runs {
            guard let times = run.times else { continue }
            let (from, to) = (time.place(times.lowerBound.seconds), time.place(times.upperBound.seconds))
            chart.draw(tip: run.tip, from: (from, chart.top), to: (max(to, from + 2), chart.bottom))
        }
    }
}

extension [Percentiles] {
    /// The medians of several runs' values.
    fileprivate var medians: [Double: Double] {
        let pairs = LatencyHistogram.percentiles.compactMap { one in
            compactMap { $0.values[one] }.median.map { (one, $0) }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

extension LoadRun {
    fileprivate var hasPercentilesOverTime: Bool { series?.slots.contains { !$0.milliseconds.isEmpty } ?? false }

    /// The text shown when the pointer is over the run.
    fileprivate var tip: String {
        let percentiles = [50.0, 95, 99].compactMap { one in
            steadyPercentiles?.values[one].map { "\(LatencyHistogram.name(ofPercentile: one)) \($0.shortest) ms" }
        }
        let share = { (rate: Double) in (rate * 100).decimal(digits: 2) + " %" }
        let lines: [String?] = [
            name + (proof.map { ": \($0.verdict.rawValue)" } ?? ""), times.map { UTCTime.text($0.lowerBound.second) },
            proof?.rate.offered.map { "\($0.shortest)/s offered" }, steadyRate.map { "\($0.shortest)/s succeeded" },
            issuedCalls.map { "\($0.grouped) requests, \((failedCalls ?? 0).grouped) failed" },
            plannedHitRate.map { "\(share($0)) hits planned" }, achievedHitRate.map { "\(share($0)) hits achieved" },
            percentiles.isEmpty ? nil : percentiles.joined(separator: ", "),
        ]
        return lines.compactMap(\.self).joined(separator: "\n")
    }
}
