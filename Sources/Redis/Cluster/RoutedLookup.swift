import NIOCore

/// A look-up that waits for a connection or was redirected: it ends at its deadline, whatever happens to its command.
///
/// A command's own deadline closes its connection, which a command that was redirected late must not do.
final class RoutedLookup: RedisLookupRequest {
    private var request: (any RedisLookupRequest)?
    private var timer: Scheduled<Void>?

    /// - Parameter onDeadline: called before a look-up without a reply in time fails.
    init(
        _ request: any RedisLookupRequest, deadline: NIODeadline, on eventLoop: any EventLoop,
        onDeadline: @escaping () -> Void
    ) {
        self.request = request
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard self?.request != nil else { return }
            onDeadline()
            self?.finish(.failed(.deadline))
        }
    }

    /// A look-up that has ended has no key, and so is not sent.
    func withKey(_ body: (UnsafeRawBufferPointer) -> Void) { request?.withKey(body) }

    func finish(_ lookup: RedisLookup) {
        guard let request else { return }
        self.request = nil
        timer?.cancel()
        timer = nil
        request.finish(lookup)
    }
}
