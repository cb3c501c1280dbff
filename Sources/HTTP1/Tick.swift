package import NIOCore

/// One turn of an event loop, and the work at its end: one write to each client, and whatever the service collects,
/// however much happened in the turn (redis does the same in `beforeSleep`).
package final class Tick {
    /// Something that has bytes to send when the turn ends.
    package protocol Writer: AnyObject {
        func flush()
    }

    /// The time of the turn.
    package let clock: WallClock
    private let eventLoop: any EventLoop
    private var writers: [any Writer] = []
    private var flushing: [any Writer] = []
    private var isOpen = false
    private var beforeResponses: () -> Void = {}
    private var afterResponses: () -> Void = {}

    package init(on eventLoop: any EventLoop, _ clock: WallClock) {
        self.eventLoop = eventLoop
        self.clock = clock
    }

    /// Sets what the service does at the end of each turn.
    package func onEnd(beforeResponses: @escaping () -> Void, afterResponses: @escaping () -> Void) {
        self.beforeResponses = beforeResponses
        self.afterResponses = afterResponses
    }

    /// Schedules the end of the turn; the clock is read at the first request of a turn.
    package func open() {
        guard !isOpen else { return }
        isOpen = true
        clock.update()
        // NIO runs what is handed to a loop from the loop itself after all pending events.
        eventLoop.assumeIsolated().execute(end)
    }

    /// Schedules a writer's flush for the end of the turn.
    func flush(_ writer: any Writer) {
        writers.append(writer)
        open()
    }

    private func end() {
        isOpen = false
        beforeResponses()
        swap(&writers, &flushing)
        for writer in flushing { writer.flush() }
        flushing.removeAll(keepingCapacity: true)
        afterResponses()
    }
}
