import Foundation

extension Calibration {
    /// The service file: what `bungalow simulate --service` reads.
    ///
    /// - Parameter name: of what was read.
    package func yaml(of name: String) -> String {
        var lines = ["# What a request costs, as bungalow calibrate found it in \(name.filter { !$0.isNewline })."]
        func add(_ key: String, _ estimate: Estimate?) {
            guard let estimate else { return }
            var parts = ["mean: \(short(estimate.value))"]
            if let variation = estimate.variation { parts.append("cv: \(short(variation))") }
            if let plusMinus = estimate.plusMinus { parts.append("plus_minus: \(short(plusMinus))") }
            parts.append("source: \"\(estimate.source)\"")
            lines.append("\(key): {\(parts.joined(separator: ", "))}")
        }
        add("cpu_per_hit_ms", hitCPU)
        add("cpu_per_miss_ms", missCPU)
        add("cpu_per_wake_up_ms", wakeUpCPU)
        if wakeUpCPU != nil { lines.append("wake_up_shared_ms: \(short(wakeUpShared * 1000))") }
        add("wait_per_hit_ms", hitWait)
        add("wait_per_miss_ms", missWait)
        add("hit_rate", hitRate)
        add("base_cpu_cores", base)
        add("memory_idle_mib", idleMemory)
        add("memory_loaded_mib", loadedMemory)
        add("start_up_s", startUp)
        add("metrics_resolution_s", resolution)
        if let stretch {
            lines.append(
                "calibrated: {from: \(Self.time(stretch.lowerBound)), until: \(Self.time(stretch.upperBound))}")
        }
        if wakeUpCPU != nil, let missCPU {
            let costs = [3.0, 30, 300, 3000].map { rate in
                "\(short(missCPU.value + wakeUpCost(rate: rate))) at \(Int(rate))"
            }
            lines.append("# CPU of a miss in ms, by the requests a second of a pod: \(costs.joined(separator: ", "))")
        }
        lines += open.map { "# open: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Milliseconds of a request's share in wake-ups.
    ///
    /// - Parameter rate: requests a second of a pod.
    package func wakeUpCost(rate: Double) -> Double { (wakeUpCPU?.value ?? 0) / (1 + rate * wakeUpShared) }

    private static func time(_ unix: Double) -> String { String(format: "%.3f", unix) }
}

/// At most four significant digits.
private func short(_ value: Double) -> String {
    let text = String(format: "%.4g", value)
    return Double(text).map { String(describing: $0) }.flatMap { $0.hasSuffix(".0") ? String($0.dropLast(2)) : $0 }
        ?? text
}
