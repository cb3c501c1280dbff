import Files
import Foundation

/// Records one pod: the starts of its container, one after another.
struct PodRecorder: Sendable {
    private let recorder: LogRecorder
    private let pod: Cluster.Pod
    // Whether it ran before the recording began: then its earlier log is not recorded.
    private let isOld: Bool

    private static let maximumAttempts = 5

    init(_ recorder: LogRecorder, _ pod: Cluster.Pod, isOld: Bool) {
        self.recorder = recorder
        self.pod = pod
        self.isOld = isOld
    }

    private var cluster: Cluster { recorder.cluster }

    func record() async throws {
        var next = isOld ? pod.restarts : 0
        var isFirst = true
        do {
            while !recorder.isOver, let pod = try await started(atLeast: next) {
                while next < pod.restarts {
                    // It ran between two readings of the pod's state.
                    let missed = try recorder.newInstance(pod.instance(next), isFirst: isFirst, isWhole: true)
                    try await finish(missed, now: pod, wasWhole: false)
                    (next, isFirst) = (next + 1, false)
                }
                let instance = try recorder.newInstance(pod, isFirst: isFirst, isWhole: !(isOld && isFirst))
                if isOld, isFirst { try await begin(instance) }
                try await follow(instance)
                (next, isFirst) = (pod.restarts + 1, false)
            }
        } catch let error as OperatorError {
            recorder.fail(error)
        }
    }

    /// Waits until the container has been started this often.
    ///
    /// - Returns: nil once the pod is gone.
    private func started(atLeast restarts: Int) async throws -> Cluster.Pod? {
        while let state = await recorder.board.state(pod.uid), !recorder.isOver {
            if state.pod.restarts >= restarts, state.pod.state != .waiting { return state.pod }
            if state.isGone { return nil }
            try await Task.sleep(for: LogRecorder.tick)
        }
        return nil
    }

    /// Finds the log's end, where the recording begins, and what was counted before and after.
    private func begin(_ instance: RecordedInstance) async throws {
        for attempt in 1... {
            do {
                if recorder.hasCounters { await ask(instance) { await instance.begin(at: $0) } }
                let last = try await cluster.kubectl.read(
                    cluster.logArguments(of: instance.pod) + ["--timestamps", "--tail=1", "--request-timeout=20s"])
                try await instance.log.skip(to: last)
                if recorder.hasCounters {
                    await ask(instance) { await instance.read($0, recorded: 0, isTerminating: false) }
                }
                return await instance.begin()
            } catch let error as OperatorError {
                if error.isMissingRight || attempt == Self.maximumAttempts { throw error }
                if recorder.isOver || Kubectl.isNotFound(error.description) { return await instance.begin() }
                recorder.notices.complain(error.description)
                await instance.lack("its recording began late: \(error.description)")
                try await Task.sleep(for: LogRecorder.retryPause)
            }
        }
    }

    private func ask(_ instance: RecordedInstance, _ body: (ServerCounters) async -> Void) async {
        do {
            await body(try await cluster.counters(of: instance.pod))
        } catch let error as OperatorError {
            await recorder.failed(instance, error)
        } catch {}
    }

    private enum StreamEnd {
        case ended(Kubectl.Outcome)
        case lostSeam
    }

    /// Follows the log until the container has ended.
    private func follow(_ instance: RecordedInstance) async throws {
        var isContinued = true
        while !recorder.isOver {
            let end = try await stream(instance, ["--follow"], isContinued: isContinued)
            if recorder.isOver { return }
            if case .ended(let outcome) = end, !outcome.isSuccess { recorder.notices.complain(outcome.message) }
            if case .lostSeam = end { try await Task.sleep(for: LogRecorder.retryPause * 2) }
            guard let (now, wasAway) = try await state(of: instance) else { return }
            guard let now, now.restarts == instance.pod.restarts, case .running = now.state else {
                let wasWhole = if case .ended(let outcome) = end { outcome.isSuccess && !wasAway } else { false }
                return try await finish(instance, now: now, wasWhole: wasWhole)
            }
            isContinued = true
            if case .lostSeam = end {
                let time = await instance.log.seam.lastTimeText ?? ""
                await instance.lack("lines after \(time) are missing: the node had begun a new file meanwhile")
                isContinued = false
            } else {
                try await Task.sleep(for: LogRecorder.tick * 5)
            }
        }
    }

    /// The pod's present state, after any wait for the API server, and whether it waited; nil after the recording.
    private func state(of instance: RecordedInstance) async throws -> (pod: Cluster.Pod?, wasAway: Bool)? {
        var wasAway = false
        while !recorder.isOver {
            do {
                guard let pod = try await cluster.current(instance.pod) else {
                    await recorder.board.remove(instance.pod.uid)
                    return (nil, wasAway)
                }
                await recorder.board.update(pod, isGone: false)
                return (pod, wasAway)
            } catch let error as OperatorError {
                wasAway = true
                if !recorder.isOver { recorder.notices.complain(error.description) }
                try await Task.sleep(for: LogRecorder.retryPause)
            }
        }
        return nil
    }

    private func stream(
        _ instance: RecordedInstance, _ options: [String], isContinued: Bool
    ) async throws -> StreamEnd {
        let log = instance.log
        let time = await log.seam.lastTimeText
        await log.begin(isContinued: isContinued)
        let arguments = cluster.logArguments(of: instance.pod) + ["--timestamps"] + options
        do {
            let outcome = try await cluster.kubectl.stream(arguments + (time.map { ["--since-time=\($0)"] } ?? [])) {
                try await log.append($0)
            }
            return .ended(outcome)
        } catch is LogSeam.Lost {
            return .lostSeam
        }
    }

    /// Reads the rest of an ended instance's log, and notes how it ended.
    ///
    /// - Parameters:
    ///   - now: the pod; nil if it is gone.
    ///   - wasWhole: whether its stream ended as an ended container's does, while the API server was there.
    private func finish(_ instance: RecordedInstance, now: Cluster.Pod?, wasWhole: Bool) async throws {
        let isRead = try await readRest(of: instance, now: now) ?? wasWhole
        try await instance.log.close()
        let code = await exitCode(of: instance, now: now)
        if !isRead {
            let time = await instance.log.seam.lastTimeText.map { "after \($0) " } ?? ""
            await instance.lack("what it logged \(time)is missing: it had ended when it could be asked again")
        }
        switch code {
        case 0 where isRead: await instance.end(.completed)
        case 0: await instance.end(.cutShort("the end of its log is missing"))
        case nil: await instance.end(.cutShort("it is gone, and how it ended was not seen"))
        case let code?:
            await instance.end(.cutShort("it ended with exit code \(code), and what it had not logged yet is lost"))
        }
    }

    /// - Returns: whether the log was read to its end; nil if it is not there any more.
    private func readRest(of instance: RecordedInstance, now: Cluster.Pod?) async throws -> Bool? {
        guard let now else { return nil }
        let options: [String]
        switch now.restarts - instance.pod.restarts {
        case 0: options = []
        case 1: options = ["--previous"]
        default: return false
        }
        for _ in 0..<Self.maximumAttempts where !recorder.isOver {
            switch try await stream(instance, options, isContinued: true) {
            case .lostSeam: return false
            case .ended(let outcome) where outcome.isSuccess: return await !instance.log.seam.isLost
            case .ended(let outcome):
                if Kubectl.isNotFound(outcome.message) { return nil }
                recorder.notices.complain(outcome.message)
            }
            try await Task.sleep(for: LogRecorder.retryPause)
        }
        return false
    }

    private func exitCode(of instance: RecordedInstance, now: Cluster.Pod?) async -> Int? {
        // The watch has seen the last state even of a pod that is gone.
        let seen = await recorder.board.state(instance.pod.uid)?.pod
        for pod in [now, seen].compactMap(\.self) {
            if pod.restarts == instance.pod.restarts, case .terminated(let code) = pod.state { return code }
            if pod.restarts == instance.pod.restarts + 1, let code = pod.previousExitCode { return code }
        }
        return nil
    }
}
