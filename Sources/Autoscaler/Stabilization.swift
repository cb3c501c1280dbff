/// Compares a proposal with earlier ones.
package struct Stabilized: Sendable, Equatable {
    /// Which window holds: the lowest proposal in it holds scaling up, the highest scaling down.
    package enum Hold: Sendable, Equatable {
        case up(window: Double)
        case down(window: Double)
    }

    package var replicas: Int
    package var hold: Hold?
    /// The earlier proposal that decided; nil if the current replicas or the proposal itself did.
    package var recommendation: Recommendation?
}

extension ControllerMemory {
    /// Without `behavior`: the highest proposal of the window, its edge included.
    package func stabilize(_ proposal: Int, window: Double, now: Double) -> Stabilized {
        var result = Stabilized(replicas: proposal)
        for recommendation in recommendations ?? []
        where recommendation.time >= now - window && recommendation.replicas > result.replicas {
            result = Stabilized(
                replicas: recommendation.replicas, hold: .down(window: window), recommendation: recommendation)
        }
        return result
    }

    /// With `behavior`: the current replicas, changed only as far as all proposals in a direction's window agree.
    package func stabilize(
        _ proposal: Int, current: Int, upWindow: Double, downWindow: Double, now: Double
    ) -> Stabilized {
        var lowest = Recommendation(replicas: proposal, time: now)
        var highest = lowest
        for recommendation in recommendations ?? [] {
            if recommendation.time > now - upWindow, recommendation.replicas < lowest.replicas {
                lowest = recommendation
            }
            if recommendation.time > now - downWindow, recommendation.replicas > highest.replicas {
                highest = recommendation
            }
        }
        let replicas = min(max(current, lowest.replicas), highest.replicas)
        if replicas == proposal { return Stabilized(replicas: replicas) }
        let decisive = proposal >= current ? lowest : highest
        return Stabilized(
            replicas: replicas, hold: proposal >= current ? .up(window: upWindow) : .down(window: downWindow),
            recommendation: decisive.replicas == replicas && decisive.time != now ? decisive : nil)
    }
}
