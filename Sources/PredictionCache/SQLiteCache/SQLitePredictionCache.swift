import NIOCore
import Synchronization

/// One event loop's handle to the embedded cache: collects a tick's look-ups and stores, and enforces the deadlines.
///
/// Everything runs on its event loop. A look-up's completion runs exactly once: with its outcome, with
/// `.unavailable(.deadline)` if the deadline passes first, or in `flush()` if too many are under way.
final class SQLitePredictionCache: PredictionCache {
    /// The look-ups of one tick.
    private struct Batch {
        var lookUps: LookUpBatch
        var completions: [(CacheLookup) -> Void] = []
        /// How many of the stores under way were submitted before this batch, and after the batch before it.
        var stores = 0
    }

    private let store: SQLitePredictionStore
    private let eventLoop: any EventLoop
    private let onError: (CacheErrorReason) -> Void
    private var gathering: Batch?
    /// The submitted batches, oldest first: responses come, and deadlines pass, in this order.
    private var batches = CircularBuffer<Batch>()
    /// Batches that missed their deadline; the thread will respond to them before all others.
    private var lateBatches = 0
    /// Look-ups that the thread has not responded to yet.
    private var queuedLookUps = 0
    private var stores: [StoreRequest] = []
    /// Stores that a batch under way may have missed: the thread finds them for all later batches.
    private let storesUnderWay = StoresUnderWay()
    /// Stores among them that no batch counts yet.
    private var uncountedStores = 0
    private var hasTimer = false
    private var closing: EventLoopFuture<Void>?

    /// - Parameter onError: called on the event loop, once for each look-up that gets no response.
    init(
        _ store: SQLitePredictionStore, on eventLoop: any EventLoop,
        onError: @escaping (CacheErrorReason) -> Void = { _ in }
    ) {
        store.openHandle()
        self.store = store
        self.eventLoop = eventLoop
        self.onError = onError
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void) {
        eventLoop.preconditionInEventLoop()
        guard closing == nil else { return completion(.unavailable(.store)) }
        if gathering == nil {
            let deadline = eventLoop.now + store.settings.lookUpDeadline
            let handle = NIOLoopBound(self, eventLoop: eventLoop)
            gathering = Batch(
                lookUps: LookUpBatch(deadline: deadline) { [eventLoop] found in
                    eventLoop.execute { handle.value.received(found) }
                })
            armTimer(deadline)
        }
        gathering?.lookUps.requests.append((key, maximumBytes))
        gathering?.completions.append(completion)
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        eventLoop.preconditionInEventLoop()
        // A slice would keep in memory the whole response that it was cut from.
        let request = StoreRequest(key: key, value: ByteBuffer(bytes: value.readableBytesView))
        let (settings, status) = (store.settings, store.status)
        guard closing == nil else { return status.drop(1, .store, because: "it is closed") }
        guard request.byteCount <= settings.maximumEntryBytes else {
            return status.drop(1, .store, because: "an entry is longer than \(settings.maximumEntryBytes) bytes")
        }
        let queued = status.queuedStoreBytes.add(request.queuedBytes, ordering: .relaxed).newValue
        guard queued <= settings.maximumQueuedStoreBytes else {
            status.queuedStoreBytes.subtract(request.queuedBytes, ordering: .relaxed)
            return status.drop(1, .queueFull, because: "its queue is full")
        }
        stores.append(request)
        guard !batches.isEmpty else { return }
        storesUnderWay.append(request)
        uncountedStores += 1
    }

    func flush() {
        eventLoop.preconditionInEventLoop()
        guard gathering != nil || !stores.isEmpty else { return }
        let (batch, newStores) = (gathering, stores)
        (gathering, stores) = (nil, [])
        let count = batch?.completions.count ?? 0
        let isFull = queuedLookUps + count > store.settings.maximumQueuedLookUps
        store.submit(isFull ? nil : batch?.lookUps, newStores)
        guard var batch else { return }
        if isFull { return complete(batch, with: batch.lookUps.unavailable(.queueFull)) }
        queuedLookUps += count
        swap(&batch.stores, &uncountedStores)
        batches.append(batch)
    }

    /// The thread has responded to the oldest batch that it has.
    private func received(_ found: [CacheLookup]) {
        queuedLookUps -= found.count
        if lateBatches > 0 { lateBatches -= 1 } else { endOldest(with: found) }
    }

    /// Ends a batch. It is still under way while its look-ups are completed, since they find each other's stores.
    private func endOldest(with found: [CacheLookup]) {
        guard let batch = batches.first else { return }
        storesUnderWay.removeFirst(batch.stores)
        complete(batch, with: found)
        batches.removeFirst()
        guard batches.isEmpty else { return }
        storesUnderWay.removeFirst(uncountedStores)
        uncountedStores = 0
    }

    /// Completes a batch's look-ups; a completion may call back into this handle.
    private func complete(_ batch: Batch, with found: [CacheLookup]) {
        for (index, completion) in batch.completions.enumerated() {
            if case .unavailable(let reason?) = found[index] { onError(reason) }
            completion(storesUnderWay.outcome(found[index], for: batch.lookUps.requests[index].key))
        }
    }

    /// One timer serves all batches.
    private func armTimer(_ deadline: NIODeadline) {
        guard !hasTimer else { return }
        hasTimer = true
        eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.expire() }
    }

    private func expire() {
        hasTimer = false
        flush()
        let now = eventLoop.now
        while let batch = batches.first?.lookUps, batch.deadline <= now {
            lateBatches += 1
            endOldest(with: batch.unavailable(.deadline))
        }
        if let next = (batches.first ?? gathering)?.lookUps { armTimer(next.deadline) }
    }

    /// Submits the rest; look-ups under way still get a response.
    ///
    /// Succeeds, for the last handle, when all stores are written or dropped and the file is closed.
    func close() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        if let closing { return closing }
        flush()
        let closing = store.closeHandle().hop(to: eventLoop)
        self.closing = closing
        return closing
    }
}
