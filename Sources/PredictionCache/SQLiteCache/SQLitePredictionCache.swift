import NIOCore

/// One event loop's handle to the embedded cache: gathers a tick's look-ups and stores, and keeps the deadlines.
///
/// Everything runs on its event loop. A look-up's completion runs exactly once: with what was found, with
/// `.unavailable(.deadline)` when that comes first, or in `flush()` when the queue is full or closed.
final class SQLitePredictionCache: PredictionCache {
    /// The look-ups of one tick.
    private struct Batch {
        let number: UInt64
        let deadline: NIODeadline
        var requests: [LookUpBatch.Request] = []
        var completions: [(CacheLookup) -> Void] = []
    }

    private let store: SQLitePredictionStore
    private let eventLoop: any EventLoop
    private let onError: (CacheErrorReason) -> Void
    private var gathering: Batch?
    private var nextNumber: UInt64 = 0
    /// What was handed over, oldest first: responses come, and deadlines pass, in this order.
    private var batches = CircularBuffer<Batch>()
    private var stores: [StoreRequest] = []
    /// Stores that an unfinished older batch may have missed; for each one the next batch's number, which does not.
    private let storesUnderWay = StoresUnderWay()
    private var nextBatches = CircularBuffer<UInt64>()
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
            gathering = Batch(number: nextNumber, deadline: deadline)
            nextNumber += 1
            armTimer(deadline)
        }
        gathering?.requests.append((key, maximumBytes))
        gathering?.completions.append(completion)
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        eventLoop.preconditionInEventLoop()
        // A slice would keep the whole response that it was cut from in memory.
        let request = StoreRequest(key: key, value: ByteBuffer(bytes: value.readableBytesView))
        let longest = store.settings.maximumEntryBytes
        guard request.byteCount <= longest else {
            return store.status.drop(1, .store, because: "an entry is longer than \(longest) bytes")
        }
        if let error = closing == nil ? store.queue.enter(storeBytes: request.queuedBytes) : .store {
            return store.status.drop(1, error, because: error == .store ? "it is closed" : "its queue is full")
        }
        stores.append(request)
        storesUnderWay.append(request.value, for: key)
        nextBatches.append(nextNumber)
    }

    func flush() {
        eventLoop.preconditionInEventLoop()
        guard gathering != nil || !stores.isEmpty else { return }
        let (batch, newStores) = (gathering, stores)
        (gathering, stores) = (nil, [])
        let handle = NIOLoopBound(self, eventLoop: eventLoop)
        let lookUps = batch.map { [eventLoop] batch in
            LookUpBatch(requests: batch.requests, deadline: batch.deadline) { [number = batch.number] found in
                eventLoop.execute { handle.value.received(found, for: number) }
            }
        }
        let error = store.submit(lookUps, newStores)
        if let batch {
            if let error { end(batch, with: [], otherwise: error) } else { batches.append(batch) }
        }
        forgetStores()
    }

    /// Ends a batch, unless its deadline has done so. Older ones still here were overdue when the thread saw them.
    private func received(_ found: [CacheLookup], for number: UInt64) {
        while let batch = batches.first, batch.number <= number {
            batches.removeFirst()
            let isIts = batch.number == number
            end(batch, with: isIts ? found : [], otherwise: isIts ? .store : .deadline)
        }
        forgetStores()
    }

    /// Completes a batch's look-ups; a completion may call back into this handle.
    private func end(_ batch: Batch, with found: [CacheLookup], otherwise reason: CacheErrorReason) {
        for (index, completion) in batch.completions.enumerated() {
            let lookUp = index < found.count ? found[index] : .unavailable(reason)
            if case .unavailable(let reason?) = lookUp { onError(reason) }
            completion(storesUnderWay.outcome(lookUp, for: batch.requests[index].key))
        }
    }

    /// Lets go of the stores that come before every look-up under way: the thread finds those itself.
    private func forgetStores() {
        let oldest = (batches.first ?? gathering)?.number ?? nextNumber
        while let next = nextBatches.first, next <= oldest {
            nextBatches.removeFirst()
            storesUnderWay.removeFirst()
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
        let now = eventLoop.now
        if let batch = gathering, batch.deadline <= now {
            batches.append(batch)
            gathering = nil
        }
        while let batch = batches.first, batch.deadline <= now {
            batches.removeFirst()
            end(batch, with: [], otherwise: .deadline)
        }
        forgetStores()
        if let next = batches.first ?? gathering { armTimer(next.deadline) }
    }

    /// Hands over the rest; look-ups under way still get a response.
    ///
    /// Succeeds, for the last handle, when all stores are written or dropped and the file is closed; at the latest a
    /// second after `closeTimeout`, should the disk not respond.
    func close() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        if let closing { return closing }
        flush()
        let promise = eventLoop.makePromise(of: Void.self)
        closing = promise.futureResult
        let limit = eventLoop.scheduleTask(in: store.settings.closeTimeout + .seconds(1)) { promise.succeed() }
        promise.futureResult.whenComplete { _ in limit.cancel() }
        store.closeHandle().whenComplete { _ in promise.succeed() }
        return promise.futureResult
    }
}
