import NIOCore

/// The pauses between attempts to connect: exponential, with full jitter, so that replicas do not reconnect in step.
struct ReconnectBackoff {
    private let initial: Int64
    private let maximum: Int64
    private var ceiling: Int64

    /// Bounds below one nanosecond, or in the wrong order, are raised to the smallest that make sense.
    init(initial: TimeAmount, maximum: TimeAmount) {
        self.initial = max(initial.nanoseconds, 1)
        self.maximum = max(maximum.nanoseconds, self.initial)
        ceiling = self.initial
    }

    /// The next pause: drawn evenly between nothing and a ceiling that doubles up to the maximum.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeAmount {
        let pause = Int64.random(in: 0...ceiling, using: &generator)
        ceiling = ceiling > maximum / 2 ? maximum : ceiling * 2
        return .nanoseconds(pause)
    }

    /// Starts again from the first ceiling.
    mutating func reset() {
        ceiling = initial
    }
}
