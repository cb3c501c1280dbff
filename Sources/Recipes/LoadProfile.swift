package import Simulation

/// Reads who sends requests when.
package enum LoadProfile {
    /// `load_test.sh` of the lab: thirty minutes of siege, one a minute.
    package static let lab: Load = {
        let minutes: [(times: Int, delay: Double, clients: Int)] = [
            (5, 100, 20), (2, 50, 20), (2, 10, 20), (1, 3, 20), (5, 1, 20), (5, 1, 30), (1, 3, 20), (2, 60, 20),
            (7, 80, 20),
        ]
        return .traffic(
            minutes.flatMap { minute in
                (0..<minute.times).map { _ in
                    Phase(
                        name: "siege -d\(Int(minute.delay)) -c\(minute.clients)", seconds: 60,
                        traffic: .closed(Clients(count: minute.clients, pause: 0...minute.delay, hasWholePauses: true)))
                }
            })
    }()

    /// The lab's monitor runs for forty minutes.
    package static let labDuration = 2400.0

    /// The course's k6 script: a minute's ramp to 100 users, five minutes, five seconds to none.
    package static let course: Load = {
        func clients(_ from: Int, _ to: Int) -> Traffic {
            .closed(Clients(count: to, rampFrom: from, pause: 1...1, keepsConnections: true, isCutOff: false))
        }
        return .traffic([
            Phase(name: "ramp to 100", seconds: 60, traffic: clients(0, 100)),
            Phase(name: "100 users", seconds: 300, traffic: clients(100, 100)),
            Phase(name: "ramp to 0", seconds: 5, traffic: clients(100, 0)),
        ])
    }()

    /// A phase file, or demand without requests.
    package static func yaml(_ text: String, name: String) throws(RecipeError) -> Load {
        guard let field = try Field.documents(text, name: name).first, field.isMap else {
            throw RecipeError("\(name): it is not a load: give phases or demand_cores")
        }
        try field.allow(["phases", "demand_cores", "pod_cap_cores"])
        if field["demand_cores"].exists { return try demand(field) }
        let items = field["phases"].items
        guard !items.isEmpty else {
            throw field["phases"].wrong("give at least one phase, as {seconds: 60, clients: 20}")
        }
        var phases: [Phase] = []
        for item in items { phases.append(try phase(item)) }
        return try checked(.traffic(phases), name: name)
    }

    /// `t_s,requests_per_s`: each row's rate holds from its time on.
    package static func csv(_ text: String, name: String) throws(RecipeError) -> Load {
        var steps: [Step] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map {
                Double($0.filter { !$0.isWhitespace })
            }
            if index == 0, cells.allSatisfy({ $0 == nil }) { continue }
            guard cells.count == 2, let time = cells[0], let rate = cells[1], (0...1e6).contains(time),
                (0...1e6).contains(rate), time >= steps.last?.time ?? 0
            else {
                throw RecipeError(
                    "\(name), line \(index + 1): \"\(line.prefix(40))\" is not a step: give t_s,requests_per_s, in the order "
                        + "of time")
            }
            steps.append(Step(time: time, value: rate))
        }
        guard let last = steps.last else { throw RecipeError("\(name): it is empty: give rows of t_s,requests_per_s") }
        let spacing = steps.count > 1 ? last.time - steps[steps.count - 2].time : 60
        // A last rate holds for as long as the one before it; one of 0 ends the load.
        let seconds = last.value == 0 ? last.time : last.time + spacing
        return try checked(
            .traffic([Phase(name: "rates", seconds: seconds, traffic: .open(OpenTraffic(steps: steps)))]), name: name)
    }

    private static func demand(_ field: Field) throws(RecipeError) -> Load {
        var steps: [Step] = []
        for item in field["demand_cores"].items {
            guard item.items.count == 2 else { throw item.wrong("give [second, cores]") }
            let step = Step(time: try item.items[0].number(in: 0...1e6), value: try item.items[1].number(in: 0...1e6))
            guard step.time >= steps.last?.time ?? 0 else {
                throw item.items[0].wrong("give the steps in the order of time")
            }
            steps.append(step)
        }
        guard steps.contains(where: { $0.value > 0 }) else {
            throw field["demand_cores"].wrong("give steps, at least one above 0, as [[0, 0.1], [15, 0.9]]")
        }
        let cap = field["pod_cap_cores"].exists ? try field["pod_cap_cores"].number(in: 0.001...1e6) : nil
        return .demand(steps, podCap: cap)
    }

    private static func phase(_ field: Field) throws(RecipeError) -> Phase {
        try field.allow([
            "name", "seconds", "clients", "ramp_from", "pause_s", "rounding", "connection", "requests_per_s",
            "arrivals", "connections",
        ])
        let seconds = try field["seconds"].number(in: 0.001...1e6)
        var traffic = Traffic.none
        var name = "idle"
        if field["requests_per_s"].exists {
            let rate = try field["requests_per_s"].number(in: 0...1e6)
            let isEven = try choice(field["arrivals"], ["random", "even"]) == "even"
            let kept = field["connections"].exists ? try field["connections"].integer(in: 1...100_000) : nil
            traffic = .open(OpenTraffic(steps: [Step(time: 0, value: rate)], isEven: isEven, connections: kept))
            name = "\(field["requests_per_s"].text ?? "") requests/s"
            if field["clients"].exists { throw field["clients"].wrong("give clients or requests_per_s, not both") }
        } else if field["clients"].exists {
            var clients = Clients(
                count: try field["clients"].integer(in: 0...100_000), pause: try pause(field["pause_s"]))
            clients.hasWholePauses = try choice(field["rounding"], ["none", "whole"]) == "whole"
            clients.keepsConnections = try choice(field["connection"], ["close", "keep"]) == "keep"
            if field["ramp_from"].exists { clients.rampFrom = try field["ramp_from"].integer(in: 0...100_000) }
            clients.isCutOff = clients.rampFrom == nil
            traffic = .closed(clients)
            name = "\(clients.count) clients"
        }
        return Phase(name: field["name"].text ?? name, seconds: seconds, traffic: traffic)
    }

    private static func pause(_ field: Field) throws(RecipeError) -> ClosedRange<Double> {
        guard field.exists else { return 0...0 }
        if !field.isList {
            let pause = try field.number(in: 0...86_400)
            return pause...pause
        }
        guard field.items.count == 2 else { throw field.wrong("give [least, most] seconds") }
        let least = try field.items[0].number(in: 0...86_400)
        let most = try field.items[1].number(in: 0...86_400)
        guard least <= most else { throw field.items[1].wrong("give at least the first number") }
        return least...most
    }

    private static func choice(_ field: Field, _ allowed: [String]) throws(RecipeError) -> String {
        guard field.exists else { return allowed[0] }
        guard let text = field.text, allowed.contains(text) else {
            throw field.wrong("give \(allowed.joined(separator: " or "))")
        }
        return text
    }

    /// A load of nothing shows nothing.
    private static func checked(_ load: Load, name: String) throws(RecipeError) -> Load {
        guard case .traffic(let phases) = load else { return load }
        let isSomething = phases.contains { phase in
            switch phase.traffic {
            case .none: false
            case .closed(let clients): clients.count > 0 || (clients.rampFrom ?? 0) > 0
            case .open(let open): open.steps.contains { $0.value > 0 }
            }
        }
        guard isSomething else {
            throw RecipeError("\(name): no phase sends a request: give clients or requests_per_s above 0")
        }
        return load
    }
}

extension Load {
    /// ` (clients that wait for each response)`: how it is simulated, for people.
    var kind: String {
        guard case .traffic(let phases) = self else { return "" }
        let isClosed = phases.map { if case .closed = $0.traffic { true } else { false } }.contains(true)
        let isOpen = phases.map { if case .open = $0.traffic { true } else { false } }.contains(true)
        switch (isClosed, isOpen) {
        case (true, true): return " (clients that wait for each response, and requests at given rates)"
        case (true, false): return " (clients that wait for each response)"
        case (false, true): return " (requests at given rates, however long the responses take)"
        case (false, false): return ""
        }
    }

    /// Seconds from its begin to its end; demand has five minutes more, for what follows its last step.
    package var length: Double {
        switch self {
        case .demand(let steps, _): (steps.last?.time ?? 0) + 300
        case .traffic(let phases): phases.reduce(0) { $0 + $1.seconds }
        }
    }
}
