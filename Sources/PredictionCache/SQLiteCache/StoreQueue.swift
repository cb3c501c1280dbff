import Dispatch
import NIOCore
import Synchronization

/// One look-up on its way to the store's thread.
struct LookUpRequest: Sendable {
    let key: CacheKey
    let maximumBytes: Int
}

/// The look-ups of one event loop's tick; `deliver` takes their answers, in the same order.
struct LookUpBatch: Sendable {
    let requests: [LookUpRequest]
    let deadline: NIODeadline
    let deliver: @Sendable ([CacheAnswer]) -> Void
}

/// One entry on its way to the store's thread.
struct StoreRequest: Sendable {
    let key: CacheKey
    let value: ByteBuffer

    var byteCount: Int { key.byteCount + value.readableBytes }
}

/// The bounded queue between the event loops and the store's thread.
///
/// Event loops only lock, append and, if the thread sleeps, wake it: a batch costs one wake-up at most, and none while
/// the thread is busy. What the thread has taken but not yet written still counts towards the bounds.
final class StoreMailbox: Sendable {
    /// What the thread finds when it looks.
    struct Mail {
        var lookUps: [LookUpBatch] = []
        var stores: [StoreRequest] = []
        var settled: [@Sendable () -> Void] = []
        var isUrgent = false
        /// Stores that were not taken are waiting.
        var hasMore = false
        var closingDeadline: NIODeadline?
    }

    /// What became of a hand-over.
    struct Admission {
        var lookUps: CacheFault?
        var droppedStores = 0
        var storeFault = CacheFault.queueFull
    }

    /// What may end the thread's sleep early.
    enum WakeUp {
        /// Look-ups only: the database is locked or away, and stores would be tried in vain.
        case lookUps
        /// Look-ups, or that stores need not wait for more of their kind.
        case fullSlice
        case anything
    }

    private struct State {
        var lookUps: [LookUpBatch] = []
        var lookUpCount = 0
        var stores: [StoreRequest] = []
        var storeCount = 0
        var storeBytes = 0
        var accepted = 0
        var finished = 0
        var barriers: [(accepted: Int, call: @Sendable () -> Void)] = []
        var endings: [@Sendable () -> Void] = []
        var closingDeadline: NIODeadline?
        var isClosed = false
        var sleepsUntil: WakeUp?
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)
    private let maximumLookUps: Int
    private let maximumStores: Int
    private let maximumStoreBytes: Int
    /// Stores that make a full transaction: the thread does not wait for more.
    private let fullSlice: Int

    init(configuration: SQLitePredictionStoreConfiguration, fullSlice: Int) {
        maximumLookUps = configuration.maximumQueuedLookUps
        maximumStores = configuration.maximumQueuedStores
        maximumStoreBytes = configuration.maximumQueuedStoreBytes
        self.fullSlice = fullSlice
    }

    /// Hands over one tick of an event loop; look-ups are taken whole or not at all.
    func submit(_ lookUps: LookUpBatch?, _ stores: [StoreRequest]) -> Admission {
        let (admission, wakes) = state.withLock { state in
            var admission = Admission()
            guard state.closingDeadline == nil else {
                admission.lookUps = .store
                admission.droppedStores = stores.count
                admission.storeFault = .store
                return (admission, false)
            }
            if let lookUps {
                if state.lookUpCount + lookUps.requests.count <= maximumLookUps {
                    state.lookUpCount += lookUps.requests.count
                    state.lookUps.append(lookUps)
                } else {
                    admission.lookUps = .queueFull
                }
            }
            for request in stores {
                let bytes = request.byteCount
                guard state.storeCount < maximumStores, state.storeBytes + bytes <= maximumStoreBytes else {
                    admission.droppedStores += 1
                    continue
                }
                state.storeCount += 1
                state.storeBytes += bytes
                state.accepted += 1
                state.stores.append(request)
            }
            return (admission, wake(&state))
        }
        if wakes { bell.signal() }
        return admission
    }

    private func wake(_ state: inout State) -> Bool {
        let isDue =
            switch state.sleepsUntil {
            case nil: false
            case .lookUps: !state.lookUps.isEmpty
            case .fullSlice: !state.lookUps.isEmpty || state.storeCount >= fullSlice || isUrgent(state)
            case .anything: !state.lookUps.isEmpty || !state.stores.isEmpty || isUrgent(state)
            }
        if isDue { state.sleepsUntil = nil }
        return isDue
    }

    private func isUrgent(_ state: State) -> Bool {
        !state.barriers.isEmpty || state.closingDeadline != nil
    }

    /// Calls back once everything accepted so far is written or dropped; at once if the thread has ended.
    func whenSettled(_ call: @escaping @Sendable () -> Void) {
        let (isClosed, wakes) = state.withLock { state in
            guard !state.isClosed else { return (true, false) }
            state.barriers.append((state.accepted, call))
            return (false, wake(&state))
        }
        if wakes { bell.signal() }
        if isClosed { call() }
    }

    /// Calls back once the thread has ended and the file is closed.
    func whenEnded(_ call: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.endings.append(call) }
            return state.isClosed
        }
        if isClosed { call() }
    }

    /// Accepts nothing more and tells the thread to end, at the latest at `deadline`.
    func beginClosing(deadline: NIODeadline) {
        let wakes = state.withLock { state in
            guard state.closingDeadline == nil else { return false }
            state.closingDeadline = deadline
            return wake(&state)
        }
        if wakes { bell.signal() }
    }

    // The rest is the thread's.

    /// Takes all look-ups and, if wanted, all stores, after saying how many stores are done with.
    func take(stores: Bool, finished: Int, finishedBytes: Int) -> Mail {
        state.withLock { state in
            state.sleepsUntil = nil
            state.storeCount -= finished
            state.storeBytes -= finishedBytes
            state.finished += finished
            var mail = Mail()
            swap(&mail.lookUps, &state.lookUps)
            state.lookUpCount = 0
            if stores { swap(&mail.stores, &state.stores) }
            while let barrier = state.barriers.first, barrier.accepted <= state.finished {
                mail.settled.append(barrier.call)
                state.barriers.removeFirst()
            }
            mail.hasMore = !state.stores.isEmpty
            mail.isUrgent = isUrgent(state)
            mail.closingDeadline = state.closingDeadline
            return mail
        }
    }

    func sleep(until deadline: NIODeadline, or wakeUp: WakeUp) {
        let sleeps = state.withLock { state in
            state.sleepsUntil = wakeUp
            return !wake(&state)
        }
        guard sleeps else { return }
        let remaining = (deadline - .now()).nanoseconds
        _ = bell.wait(timeout: .now() + .nanoseconds(Int(clamping: max(0, remaining))))
    }

    /// The thread has ended: everyone who waits is called, and whoever comes later at once.
    func end() {
        let calls = state.withLock { state in
            state.isClosed = true
            defer { (state.barriers, state.endings) = ([], []) }
            return state.barriers.map(\.call) + state.endings
        }
        for call in calls { call() }
    }
}
