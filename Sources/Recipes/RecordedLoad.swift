package import Simulation

/// Requests that were recorded within a span of time, evenly spread over it.
package struct RecordedRequests: Sendable, Equatable {
    /// Seconds on any clock.
    package var start: Double
    package var seconds: Double
    package var count: Double

    package init(start: Double, seconds: Double, count: Double) {
        self.start = start
        self.seconds = seconds
        self.count = count
    }
}

extension LoadProfile {
    /// A recorded run's `timeline.csv`: the requests of each second become a rate.
    package static func timeline(_ text: String, name: String) throws(RecipeError) -> Load {
        let lines = text.split(whereSeparator: \.isNewline)
        let head = (lines.first ?? "").split(separator: ",").map(String.init)
        guard let time = head.firstIndex(of: "seconds"), let requests = head.firstIndex(of: "siege_calls") else {
            throw RecipeError(
                "\(name): this is not the timeline of a recorded run: give one with columns seconds and siege_calls")
        }
        var rows = "t_s,requests_per_s\n"
        for line in lines.dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > max(time, requests) else { continue }
            rows += "\(cells[time]),\(cells[requests])\n"
        }
        return try csv(rows, name: name)
    }

    /// The rate of recorded requests; spans may overlap and have gaps.
    ///
    /// - Parameter start: where the load begins on the spans' clock; the first request if nil.
    package static func recorded(
        _ spans: [RecordedRequests], name: String, from start: Double? = nil
    ) throws(RecipeError) -> Load {
        let spans = spans.filter { $0.count > 0 && $0.seconds > 0 }
        guard let begin = start ?? spans.map(\.start).min(), let end = spans.map({ $0.start + $0.seconds }).max() else {
            throw RecipeError("\(name): no request with a time was recorded in it: give a run with requests")
        }
        guard end - begin <= 1e6 else {
            throw RecipeError(
                "\(name): its requests span \(Int((end - begin) / 86_400)) days: give a single run, at most 1000000 s")
        }
        let changes = spans.flatMap { span in
            let rate = span.count / span.seconds
            return [(span.start - begin, rate), (span.start + span.seconds - begin, -rate)]
        }.sorted { $0.0 < $1.0 }
        var steps: [Step] = []
        var rate = 0.0
        for (time, change) in changes {
            rate += change
            // What sums leave of a rate that ended.
            let value = rate < 1e-9 ? 0 : rate
            if steps.last?.time == time {
                steps[steps.count - 1].value = value
            } else {
                steps.append(Step(time: time, value: value))
            }
        }
        return .traffic([
            Phase(name: "recorded", seconds: end - begin, traffic: .open(OpenTraffic(steps: steps)))
        ])
    }
}
