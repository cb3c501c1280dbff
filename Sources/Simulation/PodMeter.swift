/// A pod's CPU counter as the kubelet and metrics-server keep it.
struct PodMeter {
    /// A reading of the counter.
    struct Point {
        var time: Double
        var used: Double
    }

    /// metrics-server counts a container from its start if it has run for this long.
    private static let freshAfter = 10.0

    /// The kubelet's last sample.
    private var sampled: Point?
    private var last: Point?
    private var previous: Point?

    mutating func sample(_ used: Double, at time: Double) { sampled = Point(time: time, used: used) }

    /// metrics-server reads the kubelet's last sample.
    mutating func scrape(started: Double, resolution: Double) {
        guard let sampled else { return }
        store(sampled, started: started, resolution: resolution)
    }

    private mutating func store(_ point: Point, started: Double, resolution: Double) {
        let age = point.time - started
        if age >= Self.freshAfter && age < resolution {
            previous = Point(time: started, used: 0)
        } else if let last, point.time > last.time {
            previous = last
        }
        last = point
    }

    /// Reads the counter itself; two readings are needed.
    mutating func read(_ used: Double, at time: Double) {
        previous = last
        last = Point(time: time, used: used)
    }

    /// The rate between the last two readings in cores, the time of the last and the seconds between them.
    var rate: (cores: Double, time: Double, window: Double)? {
        guard let last, let previous, last.time > previous.time else { return nil }
        let window = last.time - previous.time
        return ((last.used - previous.used) / window, last.time, window)
    }
}
