import Files
import Synchronization

extension LogRecorder {
    private static let maximumAttempts = 10
    // How often to wait for a moment without requests.
    private static let attemptsForMoment = 5
    // How long a request may take from the server to this log.
    private static let patience = Duration.seconds(2)

    /// Reads the counters around the end of each log that still grows.
    ///
    /// In a moment without requests the count proves the log to the last one. Under a load that leaves no such moment,
    /// the log must hold what was counted before its end, and no more than what was counted after it.
    func settle() async {
        await awaitEnded()
        if hasCounters { await settleCounters() }
        // The last request's other lines.
        try? await Task.sleep(for: Self.tick * 3)
    }

    /// Waits until the logs of instances that have ended are read to their ends.
    private func awaitEnded() async {
        let deadline = ContinuousClock.now + Self.patience * 2
        while ContinuousClock.now < deadline {
            var isOneOpen = false
            for instance in instances.withLock(\.self) where await !instance.hasEnded {
                guard let (pod, isGone) = await board.state(instance.pod.uid) else { continue }
                let isRunning = if case .running = pod.state { true } else { false }
                if isGone || pod.restarts > instance.pod.restarts || !isRunning { isOneOpen = true }
            }
            guard isOneOpen else { return }
            try? await Task.sleep(for: Self.tick)
        }
    }

    private func settleCounters() async {
        try? await forEachLiving { instance in
            await instance.beginSettling()
            do {
                for attempt in 1...Self.maximumAttempts {
                    switch try await self.settle(instance, isLast: attempt == Self.maximumAttempts) {
                    case .exact: return
                    case .bracketed where attempt > Self.attemptsForMoment: return
                    case .bracketed, .lagging: try await Task.sleep(for: Self.tick)
                    }
                }
            } catch let error as OperatorError {
                await self.failed(instance, error)
            }
        }
    }

    private func settle(_ instance: RecordedInstance, isLast: Bool) async throws -> RequestLedger.Settlement {
        let first = try await cluster.counters(of: instance.pod)
        let deadline = ContinuousClock.now + (isLast ? Self.patience : .zero)
        var isLate = false
        while await instance.lacks(first), ContinuousClock.now < deadline {
            isLate = true
            try await Task.sleep(for: Self.tick)
        }
        await instance.beginAttempt()
        let recorded = await instance.log.mark()
        let second = try await cluster.counters(of: instance.pod)
        return await instance.settle(first: first, recorded: recorded, second: second, isLate: isLate)
    }
}
