import Foundation
package import Simulation

/// The two files that the lab's scripts write: the resource monitor's CSV and siege's log.
package enum LabFiles {
    /// Simulated time begins here.
    package static let monitorName = "use-20000101T000000Z.csv"
    package static let siegeName = "siege.log"
    package static let phasesName = "phases.csv"
    private static let epoch = Date(timeIntervalSince1970: 946_684_800)

    package static func monitor(_ outcome: Outcome, recipe: Recipe) -> String {
        let unit = recipe.monitored
        var lines = ["time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB"]
        for row in outcome.seconds where row.time.truncatingRemainder(dividingBy: Bill.interval) == 0 {
            let pods = Double(row.pods)
            lines.append(
                [
                    fixed(row.time, 2), String(row.pods), short(pods * unit.cpuRequest),
                    fixed(pods * unit.memoryRequest * 1024, 0), short(pods * unit.cpuLimit),
                    fixed(pods * unit.memoryLimit * 1024, 0), short(row.publishedCores), fixed(row.memory * 1024, 0),
                ].joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line a phase with requests, at its end.
    package static func siege(_ outcome: Outcome) -> String {
        let head =
            "      Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,"
            + "    OKAY,   Failed"
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "yyyy-MM-dd HH:mm:ss"
        let lines = outcome.phases.filter { $0.offered > 0 }.map { phase in
            let failures = phase.rejected + phase.failed
            let numbers = String(
                format: "%7d,%11.2f,%12d,%11.2f,%12.2f,%12.2f,%12.2f,%8d,%8d", phase.served, phase.seconds, 0,
                phase.latency.mean ?? 0, Double(phase.served) / phase.seconds, 0.0, phase.latency.sum / phase.seconds,
                phase.served, failures)
            return "\(format.string(from: epoch.addingTimeInterval(phase.start + phase.seconds))),\(numbers)"
        }
        return ([head] + lines).joined(separator: "\n") + "\n"
    }

    /// The commands of siege's phases, which the log does not name; nil if the load is not siege's.
    package static func phases(of load: Load, duration: Double) -> String? {
        guard case .traffic(let phases) = load else { return nil }
        var lines = ["unix,seconds,phase"]
        var now = 0.0
        func add(_ text: String) {
            lines.append("\(fixed(epoch.timeIntervalSince1970 + now, 3)),\(fixed(now, 3)),\(text)")
        }
        for phase in phases where now < duration {
            switch phase.traffic {
            case .none: add("idle")
            case .closed(let clients):
                guard clients.hasWholePauses, clients.rampFrom == nil, clients.pause.lowerBound == 0 else { return nil }
                let pause = fixed(clients.pause.upperBound, 0)
                add("siege -c \(clients.count) -d \(pause) -t \(fixed(phase.seconds, 0))S")
            case .open: return nil
            }
            now += phase.seconds
        }
        if now < duration { add("idle") }
        now = duration
        add("end of recording")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func short(_ cores: Double) -> String {
        let text = fixed(cores, 6)
        return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    }
}
