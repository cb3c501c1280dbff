import NIOCore

/// One event loop's door to the embedded cache: gathers a tick's look-ups and stores, and keeps the deadlines.
///
/// Everything runs on its event loop. A look-up's completion runs exactly once: with the answer, with
/// `.unavailable(.deadline)` when that comes first, or at once, inside the call, when the door is full or closed.
final class SQLitePredictionCache: PredictionCache {
    private struct Batch {
        let deadline: NIODeadline
        var requests: [LookUpRequest] = []
        var completions: [(CacheAnswer) -> Void] = []
    }

    private let store: SQLitePredictionStore
    private let eventLoop: any EventLoop
    /// Called once for each look-up that is not answered.
    private let onFault: (CacheFault) -> Void
    private let maximumEntryBytes: Int
    /// Batches by number; the last one may still be gathering.
    private var batches: [UInt64: Batch] = [:]
    private var oldest: UInt64 = 0
    private var gathering: UInt64 = 0
    private var outstanding = 0
    private var stores: [StoreRequest] = []
    private var hasTimer = false
    private var closing: EventLoopFuture<Void>?

    init(store: SQLitePredictionStore, eventLoop: any EventLoop, onFault: @escaping (CacheFault) -> Void) {
        self.store = store
        self.eventLoop = eventLoop
        self.onFault = onFault
        maximumEntryBytes = store.configuration.maximumEntryBytes
    }

    func lookUp(_ key: CacheKey, maximumBytes: Int, _ completion: @escaping (CacheAnswer) -> Void) {
        eventLoop.preconditionInEventLoop()
        guard closing == nil else { return completion(.unavailable(.store)) }
        guard outstanding < store.configuration.maximumOutstandingLookUpsPerLoop else {
            onFault(.queueFull)
            return completion(.unavailable(.queueFull))
        }
        outstanding += 1
        if batches[gathering] == nil {
            let deadline = eventLoop.now + store.configuration.lookUpDeadline
            batches[gathering] = Batch(deadline: deadline)
            armTimer(deadline)
        }
        batches[gathering]?.requests.append(LookUpRequest(key: key, maximumBytes: maximumBytes))
        batches[gathering]?.completions.append(completion)
    }

    func store(_ value: ByteBuffer, for key: CacheKey) {
        eventLoop.preconditionInEventLoop()
        // A slice would keep the whole answer that it was cut from in memory.
        let request = StoreRequest(key: key, value: ByteBuffer(bytes: value.readableBytesView))
        guard request.byteCount <= maximumEntryBytes else { return store.refuseTooLong() }
        stores.append(request)
        if closing != nil { handOver() }
    }

    func flush() {
        eventLoop.preconditionInEventLoop()
        handOver()
    }

    private func handOver() {
        guard batches[gathering] != nil || !stores.isEmpty else { return }
        var handedOver: [StoreRequest] = []
        swap(&handedOver, &stores)
        let number = gathering
        let lookUps = batches[number].map { batch in
            let door = NIOLoopBound(self, eventLoop: eventLoop)
            return LookUpBatch(requests: batch.requests, deadline: batch.deadline) { [eventLoop] answers in
                eventLoop.execute { door.value.complete(number, with: answers) }
            }
        }
        if lookUps != nil { gathering += 1 }
        if let fault = store.submit(lookUps, handedOver) {
            complete(number, with: [], otherwise: fault)
        }
    }

    /// Completes a batch, unless its deadline has done so before; a completion may call back into this door.
    private func complete(_ number: UInt64, with answers: [CacheAnswer], otherwise fault: CacheFault = .store) {
        guard let batch = batches.removeValue(forKey: number) else { return }
        outstanding -= batch.completions.count
        for (index, completion) in batch.completions.enumerated() {
            let answer = index < answers.count ? answers[index] : .unavailable(fault)
            if case .unavailable(let fault?) = answer { onFault(fault) }
            completion(answer)
        }
    }

    // MARK: Deadlines

    /// One timer serves all batches: their deadlines pass in the order of their numbers.
    private func armTimer(_ deadline: NIODeadline) {
        guard !hasTimer else { return }
        hasTimer = true
        eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.expire() }
    }

    private func expire() {
        hasTimer = false
        let now = eventLoop.now
        var expired: [UInt64] = []
        while oldest <= gathering {
            if let batch = batches[oldest] {
                guard batch.deadline <= now else {
                    armTimer(batch.deadline)
                    break
                }
                expired.append(oldest)
            }
            if oldest == gathering {
                // What is asked from here on belongs to the next batch.
                if batches[oldest] != nil { gathering += 1 } else { break }
            }
            oldest += 1
        }
        for number in expired {
            complete(number, with: [], otherwise: .deadline)
        }
    }

    // MARK: Closing

    /// Hands over the rest; look-ups under way are still answered.
    ///
    /// Succeeds when this door's stores are written or dropped and, for the last door, when the file is closed; at the
    /// latest a second after `closeTimeout`, should the disk not answer.
    func close() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        if let closing { return closing }
        handOver()
        let promise = eventLoop.makePromise(of: Void.self)
        closing = promise.futureResult
        let limit = eventLoop.scheduleTask(in: store.configuration.closeTimeout + .seconds(1)) { promise.succeed() }
        promise.futureResult.whenComplete { _ in limit.cancel() }
        store.doorCloses { promise.succeed() }
        return promise.futureResult
    }
}
