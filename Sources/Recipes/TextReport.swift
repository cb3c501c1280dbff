package import Autoscaler
import Foundation
package import Simulation

/// The tables that `bungalow simulate` prints.
package enum TextReport {
    /// One row a phase, then what was reserved and used.
    package static func table(_ outcome: Outcome, bill: Bill) -> String {
        let head = [
            "phase", "s", "requests", "served/s", "mean ms", "p50", "p95", "p99", "rejected", "replicas", "CPU",
        ]
        let rows = PhaseSummary.all(of: outcome).map { row in
            let latency = row.phase.latency
            let milliseconds = [latency.mean, latency.quantile(0.5), latency.quantile(0.95), latency.quantile(0.99)].map
            {
                $0.map { fixed($0 * 1000, 1) } ?? "-"
            }
            return [row.phase.name, fixed(row.phase.seconds, 0), String(row.phase.offered), fixed(row.rate, 1)]
                + milliseconds
                + [String(row.phase.rejected + row.phase.failed), fixed(row.replicas, 1), fixed(row.cores, 2)]
        }
        return columns([head] + rows) + "\n\n" + billLines(bill)
    }

    /// Medians over seeds, with the least and the most.
    package static func medians(_ outcomes: [Outcome], bills: [Bill]) -> String {
        let summaries = outcomes.map(PhaseSummary.all)
        let head = ["phase", "served/s", "mean ms", "p95", "rejected", "replicas", "CPU"]
        let rows = (summaries.first ?? []).indices.map { index -> [String] in
            let phase = summaries.map { $0[index] }
            return [
                phase[0].phase.name, range(phase.map(\.rate), 1),
                range(phase.compactMap { $0.phase.latency.mean.map { $0 * 1000 } }, 1),
                range(phase.compactMap { $0.phase.latency.quantile(0.95).map { $0 * 1000 } }, 1),
                range(phase.map { Double($0.phase.rejected + $0.phase.failed) }, 0), range(phase.map(\.replicas), 1),
                range(phase.map(\.cores), 2),
            ]
        }
        return columns([head] + rows) + "\n\n"
            + "reserved core-hours, as the lab's monitor counts: \(range(bills.map(\.monitoredReserved.cores), 3)), "
            + "as billed: \(range(bills.map(\.billedReserved.cores), 3))\n"
            + "used core-hours: \(range(bills.map(\.billedUsed.cores), 3))\n"
            + "medians of \(outcomes.count) seeds, with the least and the most"
    }

    /// One line a decision.
    package static func explanations(_ decisions: [Decision]) -> String {
        decisions.map { "\(fixed($0.time, 1)) s  \($0.reason): \($0.explanation)" }.joined(separator: "\n")
    }

    private static func billLines(_ bill: Bill) -> String {
        func line(_ name: String, _ reserved: ResourceHours, _ used: ResourceHours) -> String {
            "\(name): reserved \(fixed(reserved.cores, 4)) core-hours and \(fixed(reserved.gibibytes, 4)) GiB-hours, "
                + "used \(fixed(used.cores, 4)) core-hours and \(fixed(used.gibibytes, 4)) GiB-hours"
        }
        return line("as the lab's monitor counts", bill.monitoredReserved, bill.monitoredUsed) + "\n"
            + line("as billed", bill.billedReserved, bill.billedUsed)
    }

    private static func range(_ values: [Double], _ places: Int) -> String {
        let sorted = values.sorted()
        guard let least = sorted.first, let most = sorted.last else { return "-" }
        let middle = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        return "\(fixed(middle, places)) (\(fixed(least, places))-\(fixed(most, places)))"
    }

    /// The first column to the left, the others to the right.
    private static func columns(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
