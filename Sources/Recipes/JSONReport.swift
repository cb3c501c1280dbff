import Autoscaler
package import Foundation
package import Simulation

/// What `bungalow simulate --json` writes; numbers are rounded, and equal runs are equal bytes.
package struct JSONReport: Encodable, Sendable {
    var seed: UInt64
    /// As the lab's monitor counts, and as billed.
    var reserved, used: Hours
    var phases: [Row]
    var replicas: [Replicas]
    var decisions: [Entry]
    /// Of all seeds, where there are several.
    var runs: [JSONReport]?

    struct Hours: Encodable, Sendable {
        var coreHours, gibHours, billedCoreHours, billedGibHours: Double

        init(monitored: ResourceHours, billed: ResourceHours) {
            coreHours = rounded(monitored.cores)
            gibHours = rounded(monitored.gibibytes)
            billedCoreHours = rounded(billed.cores)
            billedGibHours = rounded(billed.gibibytes)
        }
    }

    struct Row: Encodable, Sendable {
        var name: String
        var startS, seconds: Double
        var requests, served, rejected, failed, dropped: Int
        var ratePerS: Double
        var meanMs, p50Ms, p95Ms, p99Ms: Double?
        var replicas, cpuCores: Double
    }

    struct Replicas: Encodable, Sendable {
        var tS: Double
        var spec, ready: Int
    }

    struct Entry: Encodable, Sendable {
        var tS: Double
        var current: Int
        var proposal: Int?
        var desired: Int
        var utilization: Int?
        var reason, explanation: String
    }

    package init(_ outcome: Outcome, bill: Bill) {
        seed = outcome.seed
        reserved = Hours(monitored: bill.monitoredReserved, billed: bill.billedReserved)
        used = Hours(monitored: bill.monitoredUsed, billed: bill.billedUsed)
        phases = PhaseSummary.all(of: outcome).map { summary in
            let phase = summary.phase
            func milliseconds(_ seconds: Double?) -> Double? { seconds.map { rounded($0 * 1000) } }
            return Row(
                name: phase.name, startS: rounded(phase.start), seconds: rounded(phase.seconds),
                requests: phase.offered,
                served: phase.served, rejected: phase.rejected, failed: phase.failed, dropped: phase.dropped,
                ratePerS: rounded(summary.rate), meanMs: milliseconds(phase.latency.mean),
                p50Ms: milliseconds(phase.latency.quantile(0.5)), p95Ms: milliseconds(phase.latency.quantile(0.95)),
                p99Ms: milliseconds(phase.latency.quantile(0.99)), replicas: rounded(summary.replicas),
                cpuCores: rounded(summary.cores))
        }
        replicas = outcome.seconds.map { Replicas(tS: $0.time, spec: $0.spec, ready: $0.ready) }
        decisions = outcome.decisions.map {
            Entry(
                tS: rounded($0.time), current: $0.current, proposal: $0.proposal, desired: $0.desired,
                utilization: $0.utilization, reason: $0.reason, explanation: $0.explanation)
        }
    }

    /// The first run's report, with all runs in `runs` if there are several.
    package static func data(_ reports: [JSONReport]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var first = reports.first else { return Data() }
        if reports.count > 1 { first.runs = reports }
        return try encoder.encode(first)
    }
}

private func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
