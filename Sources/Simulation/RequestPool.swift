/// Requests in progress, as columns: an index identifies a request until it is released.
struct RequestPool {
    /// The request's owner: 0 and above is a client.
    enum Owner {
        static let open: Int32 = -1
        static let probe: Int32 = -2
        /// The client no longer waits.
        static let dropped: Int32 = -3
    }

    /// The time at which the client sent it.
    var start: [Double] = []
    /// In a queue, the time at which it times out; otherwise the seconds that it may still wait in queues.
    var patience: [Double] = []
    var owner: [Int32] = []
    var pod: [Int32] = []
    var phase: [Int32] = []
    var isHit: [Bool] = []
    /// A timer refers to it, so its slot must not be reused before the timer fires.
    var isWaiting: [Bool] = []
    fileprivate var next: [Int32] = []
    private var free: [Int32] = []

    mutating func add(
        start time: Double, patience seconds: Double, owner who: Int32, pod index: Int, phase part: Int,
        isHit hit: Bool
    ) -> Int32 {
        if let request = free.popLast() {
            let slot = Int(request)
            start[slot] = time
            patience[slot] = seconds
            owner[slot] = who
            pod[slot] = Int32(index)
            phase[slot] = Int32(part)
            isHit[slot] = hit
            return request
        }
        start.append(time)
        patience.append(seconds)
        owner.append(who)
        pod.append(Int32(index))
        phase.append(Int32(part))
        isHit.append(hit)
        isWaiting.append(false)
        next.append(-1)
        return Int32(start.count - 1)
    }

    mutating func release(_ request: Int32) {
        pod[Int(request)] = -1
        free.append(request)
    }
}

/// A queue of requests, linked through the pool.
struct RequestList {
    private(set) var first: Int32 = -1
    private var last: Int32 = -1
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ request: Int32, in pool: inout RequestPool) {
        pool.next[Int(request)] = -1
        if count == 0 { first = request } else { pool.next[Int(last)] = request }
        last = request
        count += 1
    }

    mutating func removeFirst(in pool: RequestPool) -> Int32 {
        let request = first
        first = pool.next[Int(request)]
        count -= 1
        return request
    }
}
