import Files

extension LogRecorder {
    private static let maximumAttempts = 10
    // How long a request may take from the server into the log here.
    private static let patience = Duration.seconds(2)

    /// Reads the counters around the end of each log that still grows.
    ///
    /// In a moment without requests the count proves the log to the last one. Under a load that leaves no such moment,
    /// the log must hold what was counted before its end, and no more than what was counted after it.
    func settle() async {
        try? await forEachLiving { instance in
            do {
                for attempt in 1...Self.maximumAttempts {
                    if try await self.settle(instance, isLast: attempt == Self.maximumAttempts) { return }
                    try await Task.sleep(for: Self.tick)
                }
            } catch let error as OperatorError {
                await self.failed(instance, error)
            }
        }
        // The last request's other lines.
        try? await Task.sleep(for: Self.tick * 3)
    }

    private func settle(_ instance: RecordedInstance, isLast: Bool) async throws -> Bool {
        let first = try await cluster.counters(of: instance.pod)
        let deadline = ContinuousClock.now + (isLast ? Self.patience : .zero)
        while await instance.lacks(first), ContinuousClock.now < deadline { try await Task.sleep(for: Self.tick) }
        let recorded = await instance.log.mark()
        let second = try await cluster.counters(of: instance.pod)
        return await instance.settle(first: first, recorded: recorded, second: second)
    }
}
