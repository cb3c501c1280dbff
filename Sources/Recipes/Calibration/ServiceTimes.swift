import Foundation
import LoadReport
import Simulation

/// What the times of requests tell beyond their CPU: its spread, and time that is not CPU.
extension Calibration {
    /// - Parameter kinds: hits and misses of the log, where they are known apart.
    mutating func findTimes(
        _ run: RecordedRun, proofs: [RunProof], recipe: Recipe?, part: ClosedRange<Double>, kinds: LoggedKinds?
    ) {
        let times = run.podRequests.flatMap(\.times).filter {
            part.contains(Double($0.key)) && part.contains(Double($0.key) + 1)
        }.flatMap(\.value).sorted()
        if let cpu = missCPU, !times.isEmpty, let limit = recipe?.workload.cpuLimit,
            cpu.value > limit * Self.mostOfQuota
        {
            open.append(
                "the spread of CPU and the time that is not CPU: a request uses most of the quota that the limit leaves; "
                    + "a run without a limit would tell")
        } else if let kinds {
            (hitCPU, hitWait) = Self.wait(of: kinds.hitTimes, cpu: hitCPU, name: "hits'")
            (missCPU, missWait) = Self.wait(of: kinds.missTimes, cpu: missCPU, name: "misses'")
        } else if !times.isEmpty, hitCPU == nil {
            (missCPU, missWait) = Self.wait(of: times, cpu: missCPU, name: "")
        } else if !findWaits(of: proofs) {
            open.append(
                "the spread of CPU and the time that is not CPU: there is no scoring log of one kind of requests, and no run "
                    + "with one user; loadtest/calibrate would tell")
        }
    }

    private static let leastTimes = 100

    /// The lower quantiles of scoring times: requests that waited for others are not among them.
    ///
    /// - Returns: the CPU with its variation, and the wait.
    private static func wait(of times: [Double], cpu: Estimate?, name: String) -> (cpu: Estimate?, wait: Estimate?) {
        guard times.count >= leastTimes, var cpu else { return (cpu, nil) }
        let low = times[times.count / 20]
        let middle = times[times.count / 4]
        let variation = variation(ratio: middle / max(low, 1e-6))
        cpu.variation = variation
        let mean = middle / gammaQuantile(normal: quarter, variation: variation)
        let doubt = max(cpu.plusMinus ?? 0, 0.05 * mean)
        let wait = mean - cpu.value
        let source = "the lower quarter of \(times.count) \(name.isEmpty ? "" : name + " ")scoring times, less the CPU"
        return (cpu, Estimate(wait > 2 * doubt ? wait : 0, plusMinus: doubt, source: source))
    }

    /// A single user's median times, where such runs had one kind of response; else nothing.
    private mutating func findWaits(of proofs: [RunProof]) -> Bool {
        func median(_ rate: Double) -> Double? {
            let runs = proofs.filter { $0.users == 1 && $0.cacheRate == rate }
            return runs.compactMap { ($0.latencyMs.sustained ?? $0.latencyMs.peak)?.values[50] }.min()
        }
        func wait(_ cpu: Estimate?, _ time: Double?) -> Estimate? {
            guard let cpu, let time else { return nil }
            let network = Service().roundTrip * 1000
            let doubt = max(cpu.plusMinus ?? 0, 0.05 * time)
            let rest = time - cpu.value - network
            return Estimate(
                rest > doubt ? rest : 0, plusMinus: doubt, source: "the median time of one user, less the CPU")
        }
        hitWait = wait(hitCPU, median(1))
        missWait = wait(missCPU, median(0))
        if let hindered = Self.hindered(proofs, cpu: missCPU, wait: missWait) {
            (hitWait, missWait) = (nil, nil)
            open.append(hindered)
            return true
        }
        return hitWait != nil || missWait != nil
    }

    /// Milliseconds below which a wait may be the network's or the client's.
    private static let noticeable = 5.0

    /// Whether many users got much less CPU than they wanted: then the time of one user is not a wait, but that of a busy machine.
    private static func hindered(_ proofs: [RunProof], cpu: Estimate?, wait: Estimate?) -> String? {
        guard let cpu, let wait, wait.value > noticeable else { return nil }
        let crowd = proofs.filter { $0.cacheRate == 0 && $0.users > 1 && $0.isClosed }.max { $0.users < $1.users }
        guard let crowd, let used = crowd.usedCores else { return nil }
        let wanted = min(1, Double(crowd.users) * cpu.value / (cpu.value + wait.value))
        guard used < 0.6 * wanted else { return nil }
        return
            "the time that is not CPU: \(crowd.users) users got \(fixed(used, 2)) cores where \(fixed(wanted, 2)) were to "
            + "be expected, so something else kept the machine or a limit held the server; a run on a quiet machine, "
            + "without a limit, would tell"
    }

    /// The normal distribution's quantiles at a twentieth and at a quarter.
    private static let twentieth = -1.644_853_6
    private static let quarter = -0.674_489_8

    /// The gamma distribution whose quantiles have a ratio.
    private static func variation(ratio: Double) -> Double {
        var (low, high) = (0.001, 1.5)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            let found =
                gammaQuantile(normal: quarter, variation: middle) / gammaQuantile(normal: twentieth, variation: middle)
            if found < ratio { low = middle } else { high = middle }
        }
        return low < 0.01 ? 0 : low
    }

    /// A quantile of a gamma distribution of mean 1 (Wilson and Hilferty 1931).
    private static func gammaQuantile(normal: Double, variation: Double) -> Double {
        let square = variation * variation
        let root = 1 - square / 9 + normal * variation / 3
        return max(pow(max(root, 0), 3), 1e-4)
    }
}
