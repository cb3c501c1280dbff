import Bytes
import LatencyAnalyzer
import ReportPage

/// The charts of what pods reserved and used: replicas, cores and core-hours over the report's time.
struct ResourceCharts {
    // Each monitor has a colour for what it reserved and one for what it used.
    private static let maximumMonitorCount = 4

    private let uses: [ResourceUse]
    private let times: ClosedRange<Instant>?
    private let evidence: LoadEvidence

    init(_ evidence: LoadEvidence) {
        self.evidence = evidence
        let times = evidence.times
        uses = Array(
            evidence.resources.filter { use in
                use.times.map { times?.overlaps($0) ?? false } ?? false
            }.prefix(Self.maximumMonitorCount))
        self.times = times
    }

    var html: String {
        guard let times, !uses.isEmpty else { return "" }
        return [
            chart(
                "Replicas", times,
                uses.enumerated().map { index, use in
                    Line(name: use.source, color: index * 2, points: use.points { $0.replicaSeconds / $0.seconds })
                }),
            chart(
                "Cores reserved and used", times,
                uses.enumerated().flatMap { index, use in
                    [
                        Line(
                            name: "\(use.source): reserved", color: index * 2,
                            points: use.points { $0.reservedCoreSeconds / $0.seconds }),
                        Line(
                            name: "\(use.source): used", color: index * 2 + 1,
                            points: use.points {
                                $0.knownUseSeconds > 0 ? $0.usedCoreSeconds / $0.knownUseSeconds : nil
                            }),
                    ]
                }),
            chart(
                "Core-hours reserved so far", times,
                uses.enumerated().map { index, use in
                    Line(name: use.source, color: index * 2, points: use.coreHours)
                }),
        ].joined(separator: "\n")
    }

    private struct Line {
        let name: String
        let color: Int
        let points: [(seconds: Double, value: Double?)]
    }

    private func chart(_ title: String, _ times: ClosedRange<Instant>, _ lines: [Line]) -> String {
        Chart.html { chart(title, times, lines, width: $0) } ?? ""
    }

    private func chart(
        _ title: String, _ times: ClosedRange<Instant>, _ lines: [Line], width: Double
    ) -> Chart {
        var chart = Chart(
            title: title, width: width, height: 200, names: evidence.runNames(width: width, times),
            legend: lines.map { .init(name: $0.name, color: $0.color) })
        let time = Axis(times, chart)
        let largest = lines.flatMap(\.points).compactMap(\.value).max()
        let axis = Axis(upTo: largest ?? 1, places: (chart.bottom, chart.top))
        chart.draw(horizontal: time, caption: "UTC")
        chart.draw(vertical: axis)
        for line in lines {
            chart.draw(line: line.points.map { (time.place($0.seconds), $0.value.map(axis.place)) }, color: line.color)
            for (point, next) in zip(line.points, line.points.dropFirst()) where lines.count == 1 {
                guard let value = point.value else { continue }
                chart.draw(
                    tip: "\(UTCTime.text(Int(point.seconds)))\n\(value.shortest)",
                    from: (time.place(point.seconds), chart.top), to: (time.place(next.seconds), chart.bottom))
            }
        }
        return chart
    }
}

extension ResourceUse {
    /// A value of each slot at its beginning and its end, so that lines are steps.
    fileprivate func points(_ value: (Slot) -> Double?) -> [(seconds: Double, value: Double?)] {
        slots.entries.flatMap { start, slot in
            let found = slot.seconds > 0 ? value(slot) : nil
            return [(Double(start), found), (Double(start + slots.slotSeconds), found)]
        }
    }

    fileprivate var coreHours: [(seconds: Double, value: Double?)] {
        var sum = 0.0
        return [(start.seconds, 0)]
            + slots.entries.map { start, slot in
                sum += slot.reservedCoreSeconds / 3600
                return (Double(start + slots.slotSeconds), sum)
            }
    }
}
