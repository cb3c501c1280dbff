package import Simulation

/// Reads what a request costs from a service file.
package struct ServiceModel: Sendable {
    package var service: Service
    package var startUp: Double?
    /// MiB under load, where the file says so.
    package var measuredMemory: Double?
    /// Seconds from one read of metrics-server to the next, where it was calibrated.
    package var resolution: Double?
    /// Unix seconds of the recording that it was calibrated on.
    package var calibrated: ClosedRange<Double>?
    /// By what share the CPU of a miss may be off, where the file says so.
    package var missError: Double?

    private static let keys = [
        "cpu_per_hit_ms", "cpu_per_miss_ms", "wait_per_hit_ms", "wait_per_miss_ms", "base_cpu_cores", "memory_idle_mib",
        "memory_loaded_mib", "start_up_s", "model_threads", "metrics_resolution_s", "calibrated",
        "cpu_per_wake_up_ms", "wake_up_shared_ms", "hit_rate",
    ]

    /// This server with its synthetic model: the CPU of a request is that of its HTTP and its cache.
    package init(environment: [String: String], cores: Double) {
        service = Service()
        func number(_ name: String) -> Double? {
            environment[name].flatMap(Double.init).flatMap { (0...1e9).contains($0) ? $0 : nil }
        }
        let request = 0.0001
        service.hitCPU = .constant(request)
        service.missCPU = .constant(request + (number("SYNTHETIC_BUSY_MS") ?? 0) / 1000)
        service.missWait = .constant((number("SYNTHETIC_SLEEP_MS") ?? 0) / 1000)
        service.baseCPU = 0.001
        service.idleMemory = 10
        service.loadedMemory = 20
        if let limit = number("REPLICA_MAX_CONCURRENT_REQUESTS") { service.inFlightLimit = Int(limit) }
        if let limit = number("MAX_QUEUED_REQUESTS") { service.queueLimit = Int(limit) }
        if let deadline = number("QUEUE_DEADLINE_MS") { service.queueDeadline = deadline / 1000 }
        // A model that computes has as many threads as there are cores.
        if (number("SYNTHETIC_BUSY_MS") ?? 0) > 0 { service.modelThreads = max(1, Int(cores)) }
    }

    /// - Parameter samples: reads a file of samples, one a line, in milliseconds.
    package mutating func read(
        _ text: String, name: String, samples: (String) throws(RecipeError) -> String
    ) throws(RecipeError) {
        guard let field = try Field.documents(text, name: name).first else {
            throw RecipeError("\(name): it is empty: give \(Self.keys.joined(separator: ", "))")
        }
        try field.allow(Self.keys)
        service.hitCPU = try span(field["cpu_per_hit_ms"], samples) ?? service.hitCPU
        service.missCPU = try span(field["cpu_per_miss_ms"], samples) ?? service.missCPU
        if field["cpu_per_miss_ms"].isMap, field["cpu_per_miss_ms"]["plus_minus"].exists, service.missCPU.mean > 0 {
            missError = try field["cpu_per_miss_ms"]["plus_minus"].number(in: 0...1e7) / 1000 / service.missCPU.mean
        }
        service.hitWait = try span(field["wait_per_hit_ms"], samples) ?? service.hitWait
        service.missWait = try span(field["wait_per_miss_ms"], samples) ?? service.missWait
        service.wakeUpCPU = try field["cpu_per_wake_up_ms"].mean(in: 0...1e7).map { $0 / 1000 } ?? service.wakeUpCPU
        service.wakeUpShared =
            try field["wake_up_shared_ms"].mean(in: 0...1e7).map { $0 / 1000 } ?? service.wakeUpShared
        service.hitRate = try field["hit_rate"].mean(in: 0...1) ?? service.hitRate
        service.baseCPU = try field["base_cpu_cores"].mean(in: 0...1000) ?? service.baseCPU
        service.idleMemory = try field["memory_idle_mib"].mean(in: 0...1e7) ?? service.idleMemory
        service.loadedMemory =
            try field["memory_loaded_mib"].mean(in: 0...1e7) ?? max(service.idleMemory, service.loadedMemory)
        if field["memory_loaded_mib"].exists { measuredMemory = service.loadedMemory }
        if field["model_threads"].exists { service.modelThreads = try field["model_threads"].integer(in: 1...100_000) }
        startUp = try field["start_up_s"].mean(in: 0...86_400) ?? startUp
        resolution = try field["metrics_resolution_s"].mean(in: 1...86_400) ?? resolution
        let stretch = field["calibrated"]
        guard stretch.exists else { return }
        try stretch.allow(["from", "until"])
        let from = try stretch["from"].number(in: 0...1e11)
        calibrated = from...max(from, try stretch["until"].number(in: 0...1e11))
    }

    private func span(
        _ field: Field, _ samples: (String) throws(RecipeError) -> String
    ) throws(RecipeError) -> Span? {
        guard field.exists else { return nil }
        guard field.isMap else { return .constant(try field.number(in: 0...1e7) / 1000) }
        try field.allow(["mean", "cv", "samples", "plus_minus", "source"])
        guard let file = field["samples"].text else {
            let mean = try field["mean"].number(in: 0...1e7) / 1000
            let variation = try field["cv"].number(in: 0...100, absent: 0)
            return variation == 0 ? .constant(mean) : .spread(mean: mean, variation: variation)
        }
        var values: [Double] = []
        for (index, line) in try samples(file).split(whereSeparator: \.isNewline).enumerated() {
            guard let value = Double(line.filter { !$0.isWhitespace }), (0...1e7).contains(value) else {
                // A header is allowed.
                if index == 0 { continue }
                throw RecipeError(
                    "\(file), line \(index + 1): \"\(line.prefix(40))\" is not a time in ms: give a number a line")
            }
            values.append(value / 1000)
        }
        guard !values.isEmpty else {
            throw RecipeError("\(file): there are no samples in it: give a time in ms a line")
        }
        return .samples(values)
    }
}

extension Field {
    /// A number, or a map with one and what is known of it; nil if there is nothing.
    fileprivate func mean(in range: ClosedRange<Double>) throws(RecipeError) -> Double? {
        guard exists else { return nil }
        guard isMap else { return try number(in: range) }
        try allow(["mean", "plus_minus", "source"])
        return try self["mean"].number(in: range)
    }
}
