/// What the controller remembers of an object between syncs; a restart of the controller loses it.
package struct ControllerMemory: Sendable, Equatable {
    /// nil until the first sync.
    package var recommendations: [Recommendation]?
    package var upEvents: [ScaleEvent] = []
    package var downEvents: [ScaleEvent] = []

    package init() {}

    /// At first sight the current replicas count as a recommendation, so that nothing is scaled down within a window.
    mutating func see(current: Int, now: Double) {
        if recommendations == nil { recommendations = [Recommendation(replicas: current, time: now)] }
    }

    /// - Parameter window: the longest one that may still ask for a recommendation, in seconds.
    mutating func record(recommendation: Int, now: Double, window: Double) {
        var kept = (recommendations ?? []).filter { $0.time >= now - window }
        kept.append(Recommendation(replicas: recommendation, time: now))
        recommendations = kept
    }

    mutating func record(change: Int, now: Double, behavior: ScalingBehavior) {
        let isUp = change > 0
        let rules = isUp ? behavior.scaleUp : behavior.scaleDown
        let longest = rules.policies.map(\.period).max() ?? 0
        var kept = (isUp ? upEvents : downEvents).filter { $0.time >= now - longest }
        kept.append(ScaleEvent(change: abs(change), time: now))
        if isUp { upEvents = kept } else { downEvents = kept }
    }
}

/// A proposal before stabilization.
package struct Recommendation: Sendable, Equatable {
    package var replicas: Int
    package var time: Double

    package init(replicas: Int, time: Double) {
        self.replicas = replicas
        self.time = time
    }
}

/// A change of the replicas, by its size.
package struct ScaleEvent: Sendable, Equatable {
    package var change: Int
    package var time: Double

    package init(change: Int, time: Double) {
        self.change = change
        self.time = time
    }
}
