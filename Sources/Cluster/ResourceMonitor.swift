import Bytes
import Files
import Foundation

/// Samples what selected pods request, may use and use, in the format of the lab's resource monitor.
///
/// Only the named container of each selected pod counts. The header is that of `resource_monitor.py` in
/// teaching-on-testbeds/k8s-ml; KB are 1024 bytes.
public struct ResourceMonitor: Sendable {
    /// The CSV's first line.
    public static let header =
        "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB"

    private let cluster: Cluster
    private let namespace, selector: String
    private let container: String?

    /// - Parameters:
    ///   - selector: a label selector, `app=bungalow`.
    ///   - container: whose resources count; nil is each pod's default container.
    public init(_ cluster: Cluster, namespace: String, selector: String, container: String?) {
        self.cluster = cluster
        self.namespace = namespace
        self.selector = selector
        self.container = container
    }

    /// One sample of the cluster.
    public struct Sample: Sendable, Equatable {
        /// Since the monitor's start.
        public let seconds: Double
        /// Pods that hold resources and have the container.
        public let replicas: Int
        package let requested, limits: Amount
        /// Nil if the metrics server gave no values.
        package let used: Amount?
        /// Replicas that are missing from the sum of use.
        private(set) var replicasWithoutUse = 0
        /// Why there are no replicas, or no use of any; nil if there are, or if there may be no metrics server.
        public private(set) var warning: String?

        /// The CSV's line; an unknown value is an empty cell.
        public var row: String {
            let used = used.map { "\($0.cores),\($0.kilobytes)" } ?? ","
            return "\(seconds.decimal(digits: 2)),\(replicas),\(requested.cores),\(requested.kilobytes),"
                + "\(limits.cores),\(limits.kilobytes),\(used)"
        }

        /// Reads a line of the CSV; nil if it is not one.
        public init?(row: [String]) {
            let cells = row.map { $0.trimmingCharacters(in: .whitespaces) }
            let numbers = cells.map { Double($0).flatMap { (0...1e15).contains($0) ? Decimal($0) : nil } }
            guard numbers.count == 8, let seconds = Double(cells[0]), (0...1e9).contains(seconds),
                let replicas = Int(cells[1]), (0...1_000_000).contains(replicas), let cores = numbers[2],
                let kilobytes = numbers[3]
            else { return nil }
            self.seconds = seconds
            self.replicas = replicas
            requested = Amount(cores: cores, kilobytes: kilobytes)
            limits = Amount(cores: numbers[4] ?? 0, kilobytes: numbers[5] ?? 0)
            used = numbers[6].flatMap { cores in numbers[7].map { Amount(cores: cores, kilobytes: $0) } }
        }

        init(seconds: Double, replicas: Int, requested: Amount, limits: Amount, used: Amount?) {
            self.seconds = seconds
            self.replicas = replicas
            self.requested = requested
            self.limits = limits
            self.used = used
        }

        /// Cores that the pods request.
        public var reservedCores: Double { requested.cores.double }

        /// Cores that they use; nil if the metrics server gave no values.
        public var usedCores: Double? { used?.cores.double }

        /// A line for people.
        public var summary: String {
            let used =
                used.map { "\($0.cores) cores, \($0.kilobytes) KB used" }
                ?? "use unknown" + (warning == nil ? " (no metrics server?)" : "")
            let unknown = replicasWithoutUse > 0 ? " (unknown for \(Self.pods(replicasWithoutUse)))" : ""
            return
                "\(seconds.decimal(digits: 0)) s: \(Self.pods(replicas)), \(requested.cores) cores reserved, "
                + "\(used)\(unknown)"
        }

        private static func pods(_ count: Int) -> String { count == 1 ? "1 pod" : "\(count) pods" }

        /// Warnings of what the numbers leave out.
        mutating func remark(replicasWithoutUse: Int, warning: String?) {
            self.replicasWithoutUse = replicasWithoutUse
            self.warning = warning
        }
    }

    /// Processor and memory.
    package struct Amount: Sendable, Equatable {
        var cores: Decimal = 0
        var kilobytes: Decimal = 0

        package var coreCount: Double { cores.double }
        package var mebibytes: Double { kilobytes.double / 1024 }

        mutating func add(_ resources: [String: Quantity]?) {
            cores += resources?["cpu"]?.value ?? 0
            kilobytes += (resources?["memory"]?.value ?? 0) / 1024
        }
    }

    /// Takes one sample.
    ///
    /// - Throws: `OperatorError` if the pods cannot be listed.
    private func sample(at seconds: Double) async throws -> Sample {
        async let metrics = use()
        let pods = try await cluster.podObjects(namespace: namespace, selector: selector).filter(\.isAlive)
        var (requested, limits) = (Amount(), Amount())
        var names: [String: String] = [:]
        for pod in pods {
            guard
                let container = pod.spec.containers.first(where: { $0.name == container ?? pod.defaultContainer?.name })
            else { continue }
            names[pod.metadata.name] = container.name
            requested.add(container.resources?.requests)
            limits.add(container.resources?.limits)
        }
        let (metricsOfAll, failure) = await metrics
        let known = metricsOfAll?.filter { names[$0.metadata.name] != nil }
        let used = known?.reduce(into: Amount()) { sum, pod in
            sum.add(pod.containers.first { $0.name == names[pod.metadata.name] }?.usage)
        }
        var sample = Sample(seconds: seconds, replicas: names.count, requested: requested, limits: limits, used: used)
        sample.remark(
            replicasWithoutUse: names.count - (known?.count ?? names.count),
            warning: names.isEmpty ? warning(selected: pods.count) : failure)
        return sample
    }

    /// What the metrics server knows of the pods, or which right is missing to ask it.
    private func use() async -> ([PodMetricsObject]?, failure: String?) {
        do {
            return (try await cluster.podMetrics(namespace: namespace, selector: selector), nil)
        } catch let error as OperatorError where error.isMissingRight {
            return (nil, error.description)
        } catch {
            return (nil, nil)
        }
    }

    private func warning(selected: Int) -> String {
        selected == 0
            ? "no pod in \(namespace) has the labels \(selector)"
            : "no pod of the \(selected) selected has a container \(container ?? "")"
    }

    /// Takes one sample, or gives up at `end`.
    ///
    /// - Throws: `OperatorError` if the pods cannot be listed.
    public func sample(at seconds: Double, waitingUntil end: ContinuousClock.Instant) async throws -> Sample {
        try await firstOf {
            try await sample(at: seconds)
        } or: {
            try await Task.sleep(until: end, clock: .continuous)
            throw OperatorError(.cluster, "the API server did not respond before the end")
        }
    }

    /// Adds samples up over time; each holds until the next one.
    public struct Totals: Sendable {
        private var last: Sample?
        private var reservedCoreSeconds = 0.0
        private var reservedKilobyteSeconds = 0.0
        private var usedCoreSeconds = 0.0
        private var usedKilobyteSeconds = 0.0
        private var knownUseSeconds = 0.0
        private var seconds = 0.0

        /// No samples yet.
        public init() {}

        /// Adds a sample, later than the one before.
        public mutating func add(_ sample: Sample) {
            end(at: sample.seconds)
            last = sample
        }

        /// Ends the last sample's time.
        public mutating func end(at end: Double) {
            guard let last else { return }
            let elapsed = max(end - last.seconds, 0)
            seconds += elapsed
            reservedCoreSeconds += elapsed * last.requested.cores.double
            reservedKilobyteSeconds += elapsed * last.requested.kilobytes.double
            if let used = last.used {
                knownUseSeconds += elapsed
                usedCoreSeconds += elapsed * used.cores.double
                usedKilobyteSeconds += elapsed * used.kilobytes.double
            }
            self.last = nil
        }

        /// Core-hours that were requested.
        public var reservedCoreHours: Double { reservedCoreSeconds / 3600 }

        /// Reserved and used core-hours and GiB-hours, two lines.
        public var text: String {
            let gibibyteHour = 3600.0 * 1024 * 1024
            let reserved =
                "reserved: \((reservedCoreSeconds / 3600).decimal(digits: 6)) core-hours, "
                + "\((reservedKilobyteSeconds / gibibyteHour).decimal(digits: 6)) GiB-hours"
            guard knownUseSeconds > 0 else { return reserved + "\nused: n/a" }
            let used =
                "used: \((usedCoreSeconds / 3600).decimal(digits: 6)) core-hours, "
                + "\((usedKilobyteSeconds / gibibyteHour).decimal(digits: 6)) GiB-hours"
            guard knownUseSeconds < seconds else { return reserved + "\n" + used }
            return reserved + "\n" + used
                + " (known for \(knownUseSeconds.decimal(digits: 1)) of \(seconds.decimal(digits: 1)) s)"
        }
    }
}

extension Decimal {
    fileprivate var double: Double { NSDecimalNumber(decimal: self).doubleValue }
}
