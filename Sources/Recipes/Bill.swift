package import Simulation

/// Core-hours and GiB-hours.
package struct ResourceHours: Sendable, Equatable {
    package var cores = 0.0
    package var gibibytes = 0.0
}

/// What a run reserved and used, counted in two ways.
///
/// The lab's monitor looks every five seconds: it counts the serving container of each pod, Pending and terminating ones
/// included, and the use that metrics-server published last. A bill counts all containers of a pod from its binding to its
/// end, and the use as it was.
package struct Bill: Sendable, Equatable {
    package var monitoredReserved = ResourceHours()
    package var monitoredUsed = ResourceHours()
    package var billedReserved = ResourceHours()
    package var billedUsed = ResourceHours()

    /// From one look of the monitor to the next, in seconds.
    package static let interval = 5.0

    package init(_ outcome: Outcome, scenario: Scenario, recipe: Recipe) {
        let workload = scenario.workload
        for row in outcome.seconds where row.time.truncatingRemainder(dividingBy: Self.interval) == 0 {
            let hours = min(Self.interval, scenario.duration - row.time) / 3600
            monitoredReserved.cores += Double(row.pods) * recipe.monitored.cpuRequest * hours
            monitoredReserved.gibibytes += Double(row.pods) * recipe.monitored.memoryRequest / 1024 * hours
            monitoredUsed.cores += row.publishedCores * hours
            monitoredUsed.gibibytes += row.memory / 1024 * hours
        }
        for pod in outcome.pods {
            guard let scheduled = pod.scheduled else { continue }
            let hours = max(0, (pod.gone ?? scenario.duration) - max(0, scheduled)) / 3600
            billedReserved.cores += workload.cpuRequest * hours
            billedReserved.gibibytes += workload.memoryRequest / 1024 * hours
        }
        billedUsed.cores = outcome.cpuUsed / 3600
        for row in outcome.seconds.dropLast() { billedUsed.gibibytes += row.memory / 1024 / 3600 }
    }
}
