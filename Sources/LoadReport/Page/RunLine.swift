import LatencyAnalyzer
import ReportPage

/// One run's values over time: slot by slot if known, or one value from its beginning to its end.
struct RunLine {
    private let values: [(seconds: Double, value: Double?)]

    /// A slot with its width.
    struct Stretch {
        let slot: LoadSlot
        let seconds: Int

        var answeredRate: Double? { slot.calls > 0 ? Double(slot.calls - slot.failures) / Double(seconds) : nil }
        var failedRate: Double? { slot.failures > 0 ? Double(slot.failures) / Double(seconds) : nil }
    }

    /// - Parameters:
    ///   - value: the whole run's, used if it has no slots.
    ///   - slot: a slot's value.
    init(_ run: LoadRun, value: Double?, slot: (Stretch) -> Double?) {
        guard let times = run.times else {
            values = []
            return
        }
        let width = run.series?.slotSeconds ?? 1
        let found = (run.series?.entries ?? []).map { entry in
            (seconds: Double(entry.start) + Double(width) / 2, value: slot(Stretch(slot: entry.slot, seconds: width)))
        }
        if found.contains(where: { $0.value != nil }) {
            values = found
        } else if let value {
            values = [(times.lowerBound.seconds, value), (times.upperBound.seconds, value)]
        } else {
            values = []
        }
    }

    /// One value from the run's beginning to its end.
    static func flat(_ run: LoadRun, _ value: Double) -> Self {
        Self(values: run.times.map { [($0.lowerBound.seconds, value), ($0.upperBound.seconds, value)] } ?? [])
    }

    private init(values: [(seconds: Double, value: Double?)]) { self.values = values }

    var largest: Double? { values.compactMap(\.value).max() }

    func points(_ time: Axis, _ axis: Axis) -> [(x: Double, y: Double?)] {
        values.map { (time.place($0.seconds), $0.value.map(axis.place)) }
    }
}

extension Axis {
    /// The report's common time axis.
    init(_ times: ClosedRange<Instant>, _ chart: Chart) {
        let last = max(times.upperBound.seconds.rounded(.up), times.lowerBound.seconds + 1)
        self.init(from: times.lowerBound.second, to: Int(last), places: (chart.left, chart.right))
    }
}

extension LoadEvidence {
    /// The names of the runs at their places on a chart's time axis.
    func runNames(width: Double, _ times: ClosedRange<Instant>) -> AxisNames {
        // The names take room below the axis, not beside it.
        let chart = Chart(title: "", width: width)
        let axis = Axis(times, chart)
        let stretches = runs.compactMap { run -> (name: String, from: Double, to: Double)? in
            guard let own = run.times, times.overlaps(own) else { return nil }
            return (run.name, axis.place(own.lowerBound.seconds), axis.place(own.upperBound.seconds))
        }
        return AxisNames(stretches, places: (chart.left, chart.right))
    }
}
