private import CPlatform
import Platform

/// Starts a named thread that ends with its work; a process that can have no more threads ends here.
func startThread(named name: StaticString, _ work: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, work: work)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let code = pthread_create(&thread, nil, { ThreadStart.run($0) }, start)
    precondition(code == 0, "no thread can be started: \(String(cString: strerror(code)))")
}

/// What a new thread gets from the one that starts it.
private final class ThreadStart: Sendable {
    private let name: StaticString
    private let work: @Sendable () -> Void

    init(name: StaticString, work: @escaping @Sendable () -> Void) {
        self.name = name
        self.work = work
    }

    static func run(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let start else { return nil }
        pthread_detach(pthread_self())
        let thread = Unmanaged<ThreadStart>.fromOpaque(start).takeRetainedValue()
        platform_name_thread(thread.name.utf8Start)
        thread.work()
        return nil
    }
}
