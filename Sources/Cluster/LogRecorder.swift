import Files
import Foundation
import Synchronization

/// Records everything that a deployment's pods log from now on into files, while pods appear, end and restart.
///
/// Each start of a container is an instance with its own file and, on request, its own counters. A stream that breaks
/// off, for example while the API server is unavailable, is continued at the last line.
public final class LogRecorder: Sendable {
    let cluster: Cluster
    let deployment: Cluster.Deployment
    let folder: String
    let hasCounters: Bool
    let notices: Notices
    let board = PodBoard()
    let instances = Mutex<[RecordedInstance]>([])
    private let newCounter: @Sendable () -> any RequestCounter
    private let isInterrupted = Atomic(false)
    private let isFinished = Atomic(false)

    private static let maximumAskedAtOnce = 8
    private static let watchSeconds = 60
    static let tick = Duration.milliseconds(100)
    static let retryPause = Duration.seconds(1)

    /// - Parameters:
    ///   - folder: where the files go; it must exist.
    ///   - hasCounters: whether to ask each instance how many requests it has counted.
    ///   - newCounter: makes what finds the requests in a log.
    ///   - onProgress: called with one line for each step.
    public init(
        of deployment: Cluster.Deployment, in cluster: Cluster, to folder: String, hasCounters: Bool,
        newCounter: @escaping @Sendable () -> any RequestCounter, onProgress: @escaping @Sendable (String) -> Void
    ) {
        self.cluster = cluster
        self.deployment = deployment
        self.folder = folder
        self.hasCounters = hasCounters
        self.newCounter = newCounter
        notices = Notices(onProgress)
    }

    /// Whether the recording is over.
    var isOver: Bool { isFinished.load(ordering: .relaxed) || Task.isCancelled }

    /// Records until the time is up or the task is cancelled.
    ///
    /// - Throws: `OperatorError` if the pods or their logs may not be read, or a file cannot be written.
    public func record(for duration: Duration) async throws -> CollectedLogs {
        // The counters are read at the end, when this task may be cancelled.
        let work = Task {
            do { return try await run(until: .now + duration) } catch {
                for instance in instances.withLock(\.self) { await instance.log.abandon() }
                throw error
            }
        }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            isInterrupted.store(true, ordering: .relaxed)
        }
    }

    private func run(until end: ContinuousClock.Instant) async throws -> CollectedLogs {
        let (pods, version) = try await cluster.podList(of: deployment)
        await board.list(pods)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watch(from: version) }
            if hasCounters { group.addTask { try await self.poll() } }
            var known: Set<String> = []
            var isFirst = true
            while ContinuousClock.now < end, !isInterrupted.load(ordering: .relaxed) {
                for pod in await board.all where pod.state != .waiting && known.insert(pod.uid).inserted {
                    // A pod that starts later is recorded from its beginning.
                    let recorder = PodRecorder(self, pod, isOld: isFirst)
                    group.addTask { try await recorder.record() }
                }
                isFirst = false
                try await failFast(&group)
                try await Task.sleep(for: Self.tick)
            }
            await settle()
            isFinished.store(true, ordering: .relaxed)
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
            return try await collected()
        }
    }

    private func collected() async throws -> CollectedLogs {
        var logs: [CollectedLogs.Log] = []
        for instance in instances.withLock(\.self) { logs.append(try await instance.finished()) }
        logs.sort { ($0.pod, $0.path.count, $0.path) < ($1.pod, $1.path.count, $1.path) }
        return CollectedLogs(logs, hasCounters: hasCounters)
    }

    private let failure = Mutex<(any Error)?>(nil)

    /// Ends the recording at once: it cannot serve its purpose.
    func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

    private func failFast(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        guard let error = failure.withLock(\.self) else { return }
        group.cancelAll()
        throw error
    }

    /// Begins an instance's file.
    func newInstance(_ pod: Cluster.Pod, isFirst: Bool, isWhole: Bool) throws -> RecordedInstance {
        let name = RecordedInstance.name(of: pod, isFirst: isFirst)
        let path = URL(filePath: folder).appending(path: "\(name).txt").path
        let instance = RecordedInstance(pod, try InstanceLog(path: path, counter: newCounter()), isWhole: isWhole)
        instances.withLock { $0.append(instance) }
        notices.say("recording \(name)")
        return instance
    }

    // MARK: The pods

    private func watch(from version: String) async throws {
        var version: String? = version
        while !isOver {
            do {
                if let version {
                    try await cluster.watch(deployment, from: version, for: Self.watchSeconds) { [board] pod, isGone in
                        await board.update(pod, isGone: isGone)
                    }
                }
            } catch let error as OperatorError {
                // Without the right to watch, the list shows nearly the same, a little later.
                if error.isMissingRight { notices.warn(error.description) }
            }
            try await Task.sleep(for: Self.retryPause)
            do {
                let list = try await cluster.podList(of: deployment)
                await board.list(list.pods)
                version = list.version
                notices.recovered()
            } catch let error as OperatorError {
                version = nil
                if !isOver { notices.complain(error.description) }
            }
        }
    }

    // MARK: The counters

    private func poll() async throws {
        while !isOver {
            try await Task.sleep(for: Self.tick)
            try await forEachLiving { instance in
                let isTerminating = await self.board.state(instance.pod.uid)?.pod.isTerminating ?? false
                guard await instance.isDue(isTerminating: isTerminating, at: .now) else { return }
                let recorded = await instance.log.requests
                do {
                    let counters = try await self.cluster.counters(of: instance.pod)
                    await instance.read(counters, recorded: recorded, isTerminating: isTerminating)
                } catch let error as OperatorError {
                    await self.failed(instance, error)
                }
            }
        }
    }

    /// Notes that an instance's counters could not be read, and reports it if a right is missing.
    func failed(_ instance: RecordedInstance, _ error: OperatorError) async {
        // At the end, kubectl is stopped.
        guard !isOver else { return }
        await instance.fail(error.description)
        if error.isMissingRight { notices.warn(error.description) }
    }

    func forEachLiving(_ body: @escaping @Sendable (RecordedInstance) async throws -> Void) async throws {
        var living: [RecordedInstance] = []
        for instance in instances.withLock(\.self) where await !instance.hasEnded { living.append(instance) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, instance) in living.enumerated() {
                if index >= Self.maximumAskedAtOnce { try await group.next() }
                group.addTask { try await body(instance) }
            }
            try await group.waitForAll()
        }
    }
}
