/// Runs two tasks at once: the first to end gives the result; the other is cancelled and awaited.
func firstOf<Result: Sendable>(
    _ one: @escaping @Sendable () async throws -> Result, or other: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await one() }
        group.addTask { try await other() }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
