/// What the pods have to do.
package enum Load: Sendable, Equatable {
    /// Cores to use, without requests: shared evenly by the ready pods, each at most `podCap`.
    case demand([Step], podCap: Double?)
    case traffic([Phase])
}

/// A value that holds from a time on.
package struct Step: Sendable, Equatable {
    package var time: Double
    package var value: Double

    package init(time: Double, value: Double) {
        self.time = time
        self.value = value
    }
}

extension [Step] {
    /// The value at a time: that of the last step until then, 0 before the first.
    func value(at time: Double) -> Double { last { $0.time <= time }?.value ?? 0 }
}

/// A stretch of the load; the results are broken down by these.
package struct Phase: Sendable, Equatable {
    package var name: String
    package var seconds: Double
    package var traffic: Traffic

    package init(name: String, seconds: Double, traffic: Traffic) {
        self.name = name
        self.seconds = seconds
        self.traffic = traffic
    }
}

/// What sends requests in a phase.
package enum Traffic: Sendable, Equatable {
    case none
    /// Each client sends a request, waits for the response, pauses and repeats.
    case closed(Clients)
    /// Requests arrive independently of the responses.
    case open(OpenTraffic)
}

/// A closed group of clients.
package struct Clients: Sendable, Equatable {
    package var count: Int
    /// The count at the phase's beginning, if it changes evenly over the phase.
    package var rampFrom: Int?
    /// Seconds between a response and the next request, evenly spread.
    package var pause: ClosedRange<Double>
    /// Pauses are rounded to whole seconds, half up, as siege does.
    package var hasWholePauses: Bool
    /// One connection serves all requests of a client, and stays with its pod.
    package var keepsConnections: Bool
    /// Requests in progress at the phase's end are dropped, and all clients start afresh in the next phase.
    package var isCutOff: Bool

    package init(
        count: Int, rampFrom: Int? = nil, pause: ClosedRange<Double>, hasWholePauses: Bool = false,
        keepsConnections: Bool = false, isCutOff: Bool = true
    ) {
        self.count = count
        self.rampFrom = rampFrom
        self.pause = pause
        self.hasWholePauses = hasWholePauses
        self.keepsConnections = keepsConnections
        self.isCutOff = isCutOff
    }
}

/// Requests at a given rate.
package struct OpenTraffic: Sendable, Equatable {
    /// Requests a second from a time on, counted from the phase's beginning.
    package var steps: [Step]
    /// Evenly spaced; else a Poisson process.
    package var isEven: Bool
    /// Connections that requests use in turn, each with a fixed pod; nil is a connection per request.
    package var connections: Int?

    package init(steps: [Step], isEven: Bool = false, connections: Int? = nil) {
        self.steps = steps
        self.isEven = isEven
        self.connections = connections
    }
}
