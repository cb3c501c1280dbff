import NIOCore

/// One event loop's handle to the embedded cache: gathers a tick's look-ups and stores, and keeps the deadlines.
///
/// Everything runs on its event loop. A look-up's completion runs exactly once: with what was found, with
/// `.unavailable(.deadline)` when that comes first, or in `flush()` when the queue is full or closed.
final class SQLitePredictionCache: PredictionCache {
    private let store: SQLitePredictionStore
    private let eventLoop: any EventLoop
    /// Called once for each look-up that gets no response.
    private let onError: (CacheErrorReason) -> Void
    private let lookUps = LookUpsInFlight()
    private var gathering: LookUpBatch?
    private var nextNumber: UInt64 = 0
    /// What was handed over, oldest first: responses come, and deadlines pass, in this order.
    private var batches = CircularBuffer<LookUpBatch>()
    private var stores: [StoreRequest] = []
    private var hasTimer = false
    private var closing: EventLoopFuture<Void>?

    init(_ store: SQLitePredictionStore, on eventLoop: any EventLoop, onError: @escaping (CacheErrorReason) -> Void) {
        self.store = store
        self.eventLoop = eventLoop
        self.onError = onError
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheLookup) -> Void) {
        eventLoop.preconditionInEventLoop()
        guard closing == nil else { return completion(.unavailable(.store)) }
        guard lookUps.begin(key, completion) else { return }
        if gathering == nil { gathering = makeBatch() }
        gathering?.requests.append((key, maximumBytes))
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        eventLoop.preconditionInEventLoop()
        lookUps.stored(value, for: key)
        // A slice would keep the whole response that it was cut from in memory.
        let request = StoreRequest(key: key, value: ByteBuffer(bytes: value.readableBytesView))
        let longest = store.settings.maximumEntryBytes
        guard request.byteCount <= longest else {
            return store.status.drop(1, .store, because: "an entry is longer than \(longest) bytes")
        }
        stores.append(request)
        if closing != nil { flush() }
    }

    func flush() {
        eventLoop.preconditionInEventLoop()
        guard gathering != nil || !stores.isEmpty else { return }
        let batch = gathering
        gathering = nil
        var handedOver: [StoreRequest] = []
        swap(&handedOver, &stores)
        let error = store.submit(batch, handedOver)
        guard let batch else { return }
        if let error { end(batch, with: [], otherwise: error) } else { batches.append(batch) }
    }

    private func makeBatch() -> LookUpBatch {
        let (number, deadline) = (nextNumber, eventLoop.now + store.settings.lookUpDeadline)
        nextNumber += 1
        armTimer(deadline)
        let handle = NIOLoopBound(self, eventLoop: eventLoop)
        return LookUpBatch(number: number, deadline: deadline) { [eventLoop] found in
            eventLoop.execute { handle.value.received(found, for: number) }
        }
    }

    /// Ends a batch, unless its deadline has done so before. Older ones still here were overdue when the thread saw them.
    private func received(_ found: [CacheLookup], for number: UInt64) {
        while let batch = batches.first, batch.number <= number {
            batches.removeFirst()
            let isIts = batch.number == number
            end(batch, with: isIts ? found : [], otherwise: isIts ? .store : .deadline)
        }
    }

    /// Completes a batch's look-ups; a completion may call back into this handle.
    private func end(_ batch: LookUpBatch, with found: [CacheLookup], otherwise reason: CacheErrorReason) {
        for (index, request) in batch.requests.enumerated() {
            let lookUp = index < found.count ? found[index] : .unavailable(reason)
            if case .unavailable(let reason?) = lookUp { onError(reason) }
            lookUps.end(request.key, with: lookUp)
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
        var expired: [LookUpBatch] = []
        while let batch = batches.first, batch.deadline <= now { expired.append(batches.removeFirst()) }
        if let batch = gathering, batch.deadline <= now {
            expired.append(batch)
            gathering = nil
        }
        if let next = batches.first ?? gathering { armTimer(next.deadline) }
        for batch in expired { end(batch, with: [], otherwise: .deadline) }
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
