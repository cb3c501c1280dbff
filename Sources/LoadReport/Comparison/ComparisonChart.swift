import ReportPage

extension Comparison {
    /// The relative differences with their intervals, one below the other; the line in the middle means no difference.
    ///
    /// The scale shows factors: twice as much is as far to the right as half as much is to the left.
    func chart(width: Double) -> Chart? {
        let drawn = shownRows.filter { $0.difference != nil }.prefix(Self.maximumDrawnCount)
        guard !drawn.isEmpty else { return nil }
        let isNarrow = width < Chart.pageWidth
        let lineHeight = isNarrow ? 40.0 : 24.0
        var chart = Chart(
            title: "Difference from \(baselineName), each with its interval", width: width,
            height: Double(drawn.count) * lineHeight + 56, left: isNarrow ? 8 : 330,
            legend: [
                .init(name: "worse", color: 4), .init(name: "better", color: 2),
                .init(name: "no difference shown", color: 7),
            ])
        let factors = drawn.flatMap { row -> [Double] in
            let interval = row.difference?.relativeInterval(intervalShare)
            return [interval?.lowerBound, interval?.upperBound].compactMap { $0.map { min(max(1 + $0, 0.05), 20) } }
        }
        let reach = max((factors + factors.map { 1 / $0 }).max() ?? 1, 1.1)
        let axis = Axis(factorsUpTo: reach, places: (chart.left, chart.right))
        chart.draw(horizontal: axis, caption: "now / before")
        let zero = axis.place(1)
        chart.draw(mark: zero, label: "")
        for (index, row) in drawn.enumerated() {
            guard let difference = row.difference else { continue }
            let interval = difference.relativeInterval(intervalShare)
            let bottom = chart.top + Double(index + 1) * lineHeight
            let y = bottom - 4
            let name = "\(row.load): \(row.metric.title)"
            chart.draw(
                text: name, x: isNarrow ? chart.left : chart.left - 8, y: isNarrow ? bottom - 16 : y + 4,
                anchor: isNarrow ? "start" : "end")
            let color = color(row)
            chart.draw(
                line: [interval.lowerBound, interval.upperBound].map { (axis.place(1 + $0), y) }, color: color)
            let tip =
                "\(name)\n\(difference.relative.change) (\(interval.lowerBound.change) to \(interval.upperBound.change))\n\(word(row))"
            chart.draw(point: (axis.place(1 + difference.relative), y), tip: tip, color: color)
        }
        return chart
    }

    private static var maximumDrawnCount: Int { 40 }

    private func color(_ row: Row) -> Int {
        guard case .differs = finding(row), let difference = row.difference else { return 7 }
        return (difference.relative > 0) == (row.metric == .rate) ? 2 : 4
    }
}
