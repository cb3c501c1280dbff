import Simulation

/// How much work a load is, phase by phase, and which part of it is the hardest.
package struct LoadShape: Sendable {
    /// Cores that a stretch needs, if nothing waits.
    struct Stretch {
        var start: Double
        var end: Double
        var cores: Double
    }

    let stretches: [Stretch]

    /// - Parameter space: what a request costs.
    init(_ space: SearchSpace) {
        switch space.scenario.load {
        case .demand(let steps, _):
            let ends = steps.dropFirst().map(\.time) + [space.scenario.duration]
            stretches = zip(steps, ends).map { Stretch(start: $0.time, end: $1, cores: $0.value) }
        case .traffic(let phases):
            var found: [Stretch] = []
            var now = 0.0
            for phase in phases {
                found += Self.stretches(of: phase, from: now, space: space)
                now += phase.seconds
            }
            stretches = found
        }
    }

    private static func stretches(of phase: Phase, from start: Double, space: SearchSpace) -> [Stretch] {
        let cpu = space.meanCPU
        let end = start + phase.seconds
        switch phase.traffic {
        case .none: return [Stretch(start: start, end: end, cores: 0)]
        case .closed(let clients):
            let pause = (clients.pause.lowerBound + clients.pause.upperBound) / 2
            let wait = space.scenario.service.missWait.mean + space.scenario.service.roundTrip
            let count = Double(max(clients.count, clients.rampFrom ?? 0))
            return [Stretch(start: start, end: end, cores: count * cpu / max(pause + cpu + wait, 1e-6))]
        case .open(let open):
            let ends = open.steps.dropFirst().map(\.time) + [phase.seconds]
            return zip(open.steps, ends).filter { $0.time < phase.seconds && $1 > $0.time }.map {
                Stretch(start: start + $0.time, end: start + min($1, phase.seconds), cores: $0.value * cpu)
            }
        }
    }

    /// Cores at the height of the load, over half a minute.
    package var peak: Double {
        let longest = stretches.filter { $0.end - $0.start >= 30 }.map(\.cores).max()
        return longest ?? hardest(seconds: 30)?.cores ?? 0
    }

    /// Where a stretch of this many seconds needs the most, and how much on average.
    private func hardest(seconds: Double) -> (start: Double, cores: Double)? {
        let starts = stretches.map(\.start)
        return starts.map { start in
            (start, coreSeconds(from: start, to: start + seconds) / seconds)
        }.max { ($0.1, -$0.0) < ($1.1, -$1.0) }
    }

    private func coreSeconds(from begin: Double, to end: Double) -> Double {
        stretches.reduce(0) { sum, stretch in
            sum + stretch.cores * max(0, min(end, stretch.end) - max(begin, stretch.start))
        }
    }

    /// The part on which poor recipes show: the way into the hardest minutes, and three tenths of the load in all.
    func hardPart(of duration: Double) -> ClosedRange<Double> {
        let length = max(min(duration, 300), duration * 0.3)
        let hard = hardest(seconds: length * 0.6)?.start ?? 0
        let start = max(0, min(hard - length * 0.4, duration - length))
        return start...(start + length)
    }

    /// Reserved core-seconds outside a part, where the replicas are what the metrics ask for.
    func reservedOutside(_ part: ClosedRange<Double>, candidate: Candidate, duration: Double) -> Double {
        func reserved(_ cores: Double, _ seconds: Double) -> Double {
            let wanted = Int((cores * 100_000 / Double(candidate.target * candidate.request)).rounded(.up))
            let pods = min(max(wanted, candidate.least), candidate.most)
            return Double(pods * candidate.request) / 1000 * max(0, seconds)
        }
        var sum = 0.0
        var known = 0.0
        for stretch in stretches {
            let inside = max(0, min(part.upperBound, stretch.end) - max(part.lowerBound, stretch.start))
            sum += reserved(stretch.cores, stretch.end - stretch.start - inside)
            known = max(known, stretch.end)
        }
        return sum + reserved(0, duration - max(known, part.upperBound))
    }
}

extension Load {
    /// The load of a part, from its begin on.
    func part(_ part: ClosedRange<Double>) -> Load {
        switch self {
        case .demand(let steps, let cap):
            let first = Step(time: 0, value: steps.last { $0.time <= part.lowerBound }?.value ?? 0)
            let later = steps.filter { $0.time > part.lowerBound && $0.time < part.upperBound }
            return .demand([first] + later.map { Step(time: $0.time - part.lowerBound, value: $0.value) }, podCap: cap)
        case .traffic(let phases):
            var found: [Phase] = []
            var now = 0.0
            for phase in phases {
                let begin = max(part.lowerBound, now)
                let end = min(part.upperBound, now + phase.seconds)
                if end > begin { found.append(phase.cut(from: begin - now, seconds: end - begin)) }
                now += phase.seconds
            }
            return .traffic(found)
        }
    }
}

extension Phase {
    fileprivate func cut(from begin: Double, seconds length: Double) -> Phase {
        var phase = self
        phase.seconds = length
        if case .open(var open) = traffic {
            let first = Step(time: 0, value: open.steps.last { $0.time <= begin }?.value ?? 0)
            let later = open.steps.filter { $0.time > begin && $0.time < begin + length }
            open.steps = [first] + later.map { Step(time: $0.time - begin, value: $0.value) }
            phase.traffic = .open(open)
        }
        return phase
    }
}
