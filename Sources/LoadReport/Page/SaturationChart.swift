import Cluster
import ReportPage

/// Rate by number of users in searches for saturation, with what was found and 70 % of it.
struct SaturationChart {
    private let searches: [LoadRun]

    // A dot for each test of all searches.
    private static let maximumSearchCount = 8

    init(_ runs: [LoadRun]) { searches = Array(runs.filter(\.isSaturationSearch).prefix(Self.maximumSearchCount)) }

    private struct Dot {
        let users: Int
        let rate: Double
        let failures: Int
        let isRound: Bool
    }

    private var dots: [Dot] {
        searches.flatMap { run in
            run.steps.map { Dot(users: $0.users, rate: $0.rate, failures: $0.failures, isRound: false) }
                + (run.proof?.saturation?.rounds ?? []).map {
                    Dot(users: $0.users, rate: $0.rate, failures: 0, isRound: true)
                }
        }
    }

    func chart(width: Double) -> Chart? {
        let dots = dots
        guard let users = dots.map(\.users).max() else { return nil }
        let points = searches.compactMap(\.saturationPoint)
        var chart = Chart(
            title: "Saturation: requests/s by number of users", width: width,
            legend: [
                .init(name: "every request succeeded", color: 0), .init(name: "some failed", color: 4),
                .init(name: "a round's result", color: 2), .init(name: "saturation and 70 % of it", color: 1),
            ])
        let across = Axis(upTo: Double(max(users, 1)), places: (chart.left, chart.right - 12))
        let rates = dots.map(\.rate) + points.map(\.rate)
        let up = Axis(upTo: rates.max() ?? 1, places: (chart.bottom, chart.top + 8))
        chart.draw(horizontal: across, caption: "users")
        chart.draw(vertical: up)
        for point in points {
            for (rate, label) in [(point.rate, "saturation"), (point.rate * PodScaling.saturationRule, "70 %")] {
                let y = up.place(rate)
                chart.draw(line: [(chart.left, y), (chart.right, y)], color: 1)
                chart.draw(text: "\(label): \(rate.shortest)/s", x: chart.left + 8, y: y - 4, anchor: "start")
            }
        }
        for dot in dots {
            let (x, y) = (across.place(Double(dot.users)), up.place(dot.rate))
            chart.draw(line: [(x, y)], color: dot.isRound ? 2 : dot.failures > 0 ? 4 : 0)
            let failures = dot.failures > 0 ? "\n\(dot.failures.grouped) failed" : ""
            chart.draw(
                tip: "\(dot.users) users\n\(dot.rate.shortest)/s\(failures)", from: (x - 5, y - 5), to: (x + 5, y + 5))
        }
        return chart
    }
}
