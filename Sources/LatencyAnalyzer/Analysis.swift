import Foundation
public import ScoringLog

/// The logs of a deployment's pods, added up.
public struct Analysis: Sendable {
    /// The deployment's name, as the results file has it.
    public let deployment: String
    /// The deployment's namespace, as the results file has it.
    public let namespace: String
    /// One entry per pod of each log, in the order given.
    public let pods: [PodStatistics]
    /// All pods together.
    public let total: PodStatistics
    /// The expected number of calls, if known.
    public var expectedCalls: ExpectedCalls?
    /// What is known to be missing, one sentence each.
    public var gaps: [String]
    /// Why a correct count proves nothing, such as an instance without a known last count; one sentence each.
    public var doubts: [String]
    /// Lines of the logs that show that requests are missing, one sentence each.
    let losses: [String]
    private let countDoubts: [String]

    /// The number of calls that the servers responded to, and its source.
    public struct ExpectedCalls: Sendable, Equatable {
        /// The number of calls.
        public let calls: Int
        /// The source, to follow "by".
        public let source: String
        /// Whether there may be more, since a count is missing.
        public let isLeast: Bool

        /// - Parameter source: to follow "by".
        public init(calls: Int, source: String, isLeast: Bool = false) {
            self.calls = calls
            self.source = source
            self.isLeast = isLeast
        }
    }

    /// - Parameters:
    ///   - pods: one for each log.
    ///   - isCountedByPod: whether each pod's own counter is in the expected number, so that a log without a request
    ///     may be that of an idle pod; a file that was named should have held requests.
    public init(
        deployment: String, namespace: String, pods: [PodStatistics], expectedCalls: ExpectedCalls? = nil,
        gaps: [String] = [], doubts: [String] = [], isCountedByPod: Bool = false
    ) {
        self.deployment = deployment
        self.namespace = namespace
        self.pods = pods.map { pod in
            var pod = pod
            pod.sketch = nil
            return pod
        }
        self.expectedCalls = expectedCalls
        let unread = pods.flatMap(\.unread)
        self.gaps = gaps + pods.flatMap(\.gaps) + pods.flatMap(\.toolMessages) + (isCountedByPod ? unread : [])
        losses =
            (isCountedByPod ? [] : unread) + pods.flatMap(\.losses)
            + RequestSketch.sentences(pods.compactMap(\.sketch))
        self.doubts = doubts
        // A second copy of a request could hide one that is missing.
        countDoubts = pods.flatMap(\.countDoubts)
        total = pods.reduce(into: PodStatistics(LogFile(path: "all pods"))) { $0.add($1) }
    }

    /// Reads logs: at most as many at once as the machine has cores, or one after another into a database.
    ///
    /// - Parameters:
    ///   - path: the one whose scoring lines count; nil for both.
    ///   - database: takes every call.
    ///   - onRead: called for each pod after its log.
    /// - Returns: the statistics in the logs' order.
    /// - Throws: `OperatorError` if a log cannot be read or the database cannot be written.
    public static func read(
        _ files: [LogFile], onlyPath path: ModelKind?, into database: CallDatabase? = nil,
        onRead: @escaping @Sendable (PodStatistics) -> Void = { _ in }
    ) async throws -> [PodStatistics] {
        let capacity = RequestSketch.capacity(ofFiles: files.count)
        if let database {
            return try files.flatMap { file in
                let statistics = try database.store(file, onlyPath: path, sketchCapacity: capacity)
                statistics.forEach(onRead)
                return statistics
            }
        }
        return try await withThrowingTaskGroup(of: (Int, [PodStatistics]).self) { group in
            var results = [[PodStatistics]](repeating: [], count: files.count)
            var waiting = files.enumerated().makeIterator()
            let addNext = { (group: inout ThrowingTaskGroup<(Int, [PodStatistics]), any Error>) in
                guard let (index, file) = waiting.next() else { return }
                group.addTask {
                    let pods = try PodStatistics.read(file, onlyPath: path, sketchCapacity: capacity)
                    return (index, pods.map(\.statistics))
                }
            }
            for _ in 0..<max(ProcessInfo.processInfo.activeProcessorCount, 1) { addNext(&group) }
            while let (index, statistics) = try await group.next() {
                statistics.forEach(onRead)
                results[index] = statistics
                addNext(&group)
            }
            return results.flatMap(\.self)
        }
    }

    /// Whether every request is there.
    public var completeness: Completeness {
        Completeness(
            found: total.counts.requests, expected: expectedCalls, gaps: gaps, losses: losses,
            doubts: doubts + (expectedCalls == nil ? [] : countDoubts))
    }

    /// How evenly the calls were spread over the pods; nil with fewer than two pods or without calls.
    public var balance: Balance? { Balance(calls: pods.map(\.counts.requests)) }

    /// How evenly calls were spread over pods.
    public struct Balance: Sendable, Equatable {
        /// The busiest pod's calls over the mean: 1 is even.
        public let busiestOverMean: Double
        /// Standard deviation over mean: 0 is even.
        public let coefficientOfVariation: Double

        init?(calls: [Int]) {
            let sum = Double(calls.reduce(0, +))
            guard calls.count > 1, sum > 0, let most = calls.max() else { return nil }
            let mean = sum / Double(calls.count)
            let variance = calls.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(calls.count)
            busiestOverMean = Double(most) / mean
            coefficientOfVariation = variance.squareRoot() / mean
        }
    }

    /// The deployment that all pods' names share, named by ReplicaSets as `<deployment>-<hash>-<suffix>`; else `logs`.
    public static func deployment(ofPods pods: [String]) -> String {
        let names = pods.map { name -> Substring? in
            let pod = name.split(separator: "/").last ?? ""
            let parts = pod.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count > 2, let suffix = parts.last, suffix.count == 5,
                (6...10).contains(parts[parts.count - 2].count)
            else { return nil }
            return pod.dropLast(parts[parts.count - 2].count + 7)
        }
        guard let first = names.first, let name = first, !name.isEmpty, names.allSatisfy({ $0 == name }) else {
            return "logs"
        }
        return String(name)
    }
}
