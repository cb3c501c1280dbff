import Bytes
import Foundation
import ReportPage
import ScoringLog

/// The four pictures of an analysis: latency over time, distribution, pods side by side, throughput.
struct AnalysisCharts {
    // Pods beyond the number of colours are drawn as one.
    private static let colorCount = 8
    private static let maximumRowCount = 40

    private let analysis: Analysis
    private let slots: [(start: Int, slot: PodStatistics.Slot)]
    private let slotSeconds: Int

    init(_ analysis: Analysis) {
        self.analysis = analysis
        slots = analysis.total.slots.entries
        slotSeconds = analysis.total.slots.slotSeconds
    }

    var html: String { [latencyOverTime, distribution, pods, throughput].joined(separator: "\n") }

    private func timeAxis(_ chart: Chart) -> Axis {
        let first = slots.first?.start ?? 0
        return Axis(from: first, to: (slots.last?.start ?? first) + slotSeconds, places: (chart.left, chart.right))
    }

    private var slotText: String {
        slotSeconds % 3600 == 0
            ? "\(slotSeconds / 3600) h" : slotSeconds % 60 == 0 ? "\(slotSeconds / 60) min" : "\(slotSeconds) s"
    }

    private var latencyOverTime: String {
        let percentiles = [50.0, 95, 99]
        let names = percentiles.map(LatencyHistogram.name(ofPercentile:))
        var chart = Chart(
            title: "Scoring time over time, ms",
            legend: names.enumerated().map { .init(name: $0.element, color: $0.offset) })
        guard analysis.total.scoredCalls > 0 else {
            chart.drawNothing("no scored requests")
            return chart.html
        }
        let values = slots.map { slot in percentiles.map { slot.slot.latencies.milliseconds(atPercentile: $0) } }
        let time = timeAxis(chart)
        let axis = Axis(
            upTo: values.joined().compactMap(\.self).max() ?? 1, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: "UTC, \(slotText) a point")
        chart.draw(vertical: axis)
        let middles = slots.map { time.place(Double($0.start) + Double(slotSeconds) / 2) }
        for index in percentiles.indices.reversed() {
            chart.draw(line: zip(middles, values).map { ($0.0, $0.1[index].map(axis.place)) }, color: index)
        }
        for (slot, values) in zip(slots, values) {
            let texts = zip(names, values).map { "\($0) \($1.map { $0.decimal(digits: 4) + " ms" } ?? "n/a")" }
            chart.draw(
                tip: "\(UTCTime.text(slot.start))\n\(texts.joined(separator: "\n"))\n\(slot.slot.calls) requests",
                from: (time.place(Double(slot.start)), chart.top),
                to: (time.place(Double(slot.start + slotSeconds)), chart.bottom))
        }
        return chart.html
    }

    private var distribution: String {
        var chart = Chart(title: "Distribution of scoring times, requests by ms")
        let decades = log10(max((analysis.total.slowest ?? 1) / max(analysis.total.fastest ?? 1, 1e-4), 1))
        // About as many bars, whether times differ by much or by little.
        let perDecade = decades > 3 ? 20 : decades > 1.5 ? 40 : 80
        let steps = analysis.total.latencies.logarithmicSteps(perDecade: perDecade)
        guard let first = steps.first, let last = steps.last else {
            chart.drawNothing("no scored requests")
            return chart.html
        }
        let factor = pow(10, 1 / Double(perDecade))
        let axis = Axis(
            logarithmicFrom: first.milliseconds, to: last.milliseconds * factor, places: (chart.left, chart.right))
        let counts = Axis(
            upTo: Double(steps.map(\.count).max() ?? 1), places: (chart.bottom, chart.top + 16))
        chart.draw(horizontal: axis, caption: "ms, logarithmic")
        chart.draw(vertical: counts)
        for step in steps {
            let (from, to) = (axis.place(step.milliseconds), axis.place(step.milliseconds * factor))
            chart.draw(bar: (from + 0.5, counts.place(Double(step.count))), to: (to - 0.5, chart.bottom), color: 0)
            let range =
                "\(step.milliseconds.decimal(digits: 4)) to \((step.milliseconds * factor).decimal(digits: 4)) ms"
            chart.draw(tip: "\(range)\n\(step.count) requests", from: (from, chart.top), to: (to, chart.bottom))
        }
        draw(percentiles: (50, 99), into: &chart, along: axis)
        return chart.html
    }

    private func draw(percentiles: (Double, Double), into chart: inout Chart, along axis: Axis) {
        guard let first = analysis.total.latencies.milliseconds(atPercentile: percentiles.0),
            let second = analysis.total.latencies.milliseconds(atPercentile: percentiles.1)
        else { return }
        let places = (axis.place(first), axis.place(second))
        // Side by side if one would cover the other.
        let isClose = places.1 - places.0 < 40
        let names = (
            LatencyHistogram.name(ofPercentile: percentiles.0), LatencyHistogram.name(ofPercentile: percentiles.1)
        )
        chart.draw(mark: places.0, label: names.0, anchor: isClose ? "end" : "middle")
        chart.draw(mark: places.1, label: names.1, anchor: isClose ? "start" : "middle")
    }

    private var pods: String {
        let shown = analysis.pods.prefix(Self.maximumRowCount)
        let rest = analysis.pods.count - shown.count
        let rowHeight = 26.0
        var chart = Chart(
            title: "Pods side by side, ms: p50 to p99, a stroke at p90"
                + (rest > 0 ? " (\(rest) more are not drawn)" : ""),
            height: rowHeight * Double(shown.count) + 58, left: 260)
        let values = shown.map { pod in [50.0, 90, 99].compactMap { pod.latencies.milliseconds(atPercentile: $0) } }
        let axis = Axis(
            upTo: values.joined().max() ?? 1, places: (chart.left, chart.right - 110))
        chart.draw(horizontal: axis, caption: "ms")
        for (index, (pod, values)) in zip(shown, values).enumerated() {
            let y = chart.top + rowHeight * (Double(index) + 0.5)
            chart.draw(text: String(pod.file.pod.suffix(36)), x: chart.left - 8, y: y + 4, anchor: "end")
            chart.draw(text: "\(pod.counts.requests) requests", x: chart.right, y: y + 4, anchor: "end")
            guard values.count == 3 else { continue }
            let places = values.map(axis.place)
            chart.draw(bar: (places[0], y - 6), to: (max(places[2], places[0] + 2), y + 6), color: 0)
            chart.draw(bar: (places[1] - 1.5, y - 9), to: (places[1] + 1.5, y + 9), color: 1)
            let text = zip(["p50", "p90", "p99"], values).map { "\($0) \($1.decimal(digits: 4)) ms" }
            chart.draw(
                tip: "\(pod.file.pod)\n\(text.joined(separator: "\n"))", from: (chart.left, y - 13),
                to: (chart.right, y + 13))
        }
        return chart.html
    }

    private var throughput: String {
        let series = callsBySeries
        var chart = Chart(
            title: "Throughput, requests/s, stacked by pod",
            legend: series.enumerated().map { .init(name: $0.element.name, color: $0.offset) })
        guard !slots.isEmpty else {
            chart.drawNothing("no requests")
            return chart.html
        }
        let time = timeAxis(chart)
        let largest = slots.map { Double($0.slot.calls) / Double(slotSeconds) }.max() ?? 1
        let axis = Axis(upTo: largest, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: "UTC, \(slotText) a bar")
        chart.draw(vertical: axis)
        for slot in slots {
            let (from, to) = (time.place(Double(slot.start)), time.place(Double(slot.start + slotSeconds)))
            var sum = 0.0
            var texts: [String] = []
            for (color, one) in series.enumerated() {
                let rate = Double(one.calls[slot.start] ?? 0) / Double(slotSeconds)
                guard rate > 0 else { continue }
                let gap = to - from > 4 ? 0.5 : 0
                chart.draw(bar: (from + gap, axis.place(sum)), to: (to - gap, axis.place(sum + rate)), color: color)
                sum += rate
                texts.append("\(one.name): \(rate.decimal(digits: 1))/s")
            }
            chart.draw(
                tip: ([UTCTime.text(slot.start)] + texts).joined(separator: "\n"), from: (from, chart.top),
                to: (to, chart.bottom))
        }
        return chart.html
    }

    /// Calls by the slot's start for each pod, the pods without a colour of their own together.
    private var callsBySeries: [(name: String, calls: [Int: Int])] {
        let all = analysis.pods.map { pod in
            let entries = pod.slots.map(\.calls).widened(to: slotSeconds).entries
            return (name: pod.file.pod, calls: Dictionary(uniqueKeysWithValues: entries.map { ($0.start, $0.slot) }))
        }
        guard all.count > Self.colorCount else { return all }
        let rest = all[(Self.colorCount - 1)...]
        let sum = rest.reduce(into: [Int: Int]()) { $0.merge($1.calls) { $0 + $1 } }
        return all.prefix(Self.colorCount - 1) + [(name: "\(rest.count) other pods", calls: sum)]
    }
}
