import Foundation
package import Simulation

/// A phase's row in the tables.
package struct PhaseSummary: Sendable, Equatable {
    package var phase: PhaseOutcome
    /// Ready pods, on average.
    package var replicas: Double
    /// Cores used, on average.
    package var cores: Double

    package static func all(of outcome: Outcome) -> [PhaseSummary] {
        outcome.phases.map { phase in
            let rows = outcome.seconds.filter { $0.time >= phase.start && $0.time < phase.start + phase.seconds }
            let end = outcome.seconds.last { $0.time <= phase.start + phase.seconds }
            let used = (end?.cpuUsed ?? 0) - (rows.first?.cpuUsed ?? 0)
            let seconds = (end?.time ?? 0) - (rows.first?.time ?? 0)
            return PhaseSummary(
                phase: phase, replicas: Double(rows.reduce(0) { $0 + $1.ready }) / Double(max(1, rows.count)),
                cores: seconds > 0 ? used / seconds : 0)
        }
    }

    /// Served requests a second.
    package var rate: Double { phase.seconds > 0 ? Double(phase.served) / phase.seconds : 0 }
}

/// Writes a number with a fixed count of decimals.
package func fixed(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
