/// The CPU of one pod: jobs share its cores evenly, within a quota per period of 100 ms.
///
/// Progress is counted in virtual time, which runs at the speed of a single job, so a change of speed updates one
/// number instead of all jobs.
struct Processor {
    static let period = 0.1
    /// The tolerance of comparisons of times: above the error of a double after a day, below anything that matters.
    private static let grain = 1e-9

    /// Cores that all jobs together get; the node sets it.
    private(set) var granted = 0.0
    /// CPU seconds used by jobs.
    private(set) var used = 0.0
    private(set) var isThrottled = false
    /// Seconds in which jobs were throttled because the quota was used up.
    private(set) var throttled = 0.0
    /// Cores; infinite without a limit.
    private let limit: Double
    /// Cores that the process can keep busy.
    private let parallelism: Double
    private var jobs = JobHeap()
    private var virtual = 0.0
    private var last: Double
    private var periodStart: Double
    private var quotaLeft: Double

    init(limit: Double, parallelism: Double, start: Double) {
        self.limit = limit
        self.parallelism = parallelism
        last = start
        periodStart = start
        quotaLeft = limit * Self.period
    }

    var count: Int { jobs.count }
    /// Cores that the jobs would use now if they were alone on the node.
    var demand: Double { isThrottled ? 0 : min(Double(jobs.count), parallelism) }

    /// - Parameter work: CPU seconds.
    mutating func add(_ request: Int32, work: Double) { jobs.add(request, finish: virtual + work) }

    mutating func grant(_ cores: Double) { granted = cores }

    /// Advances everything to a time; no job may end and no quota may run out before it.
    mutating func advance(to time: Double) {
        let elapsed = time - last
        last = time
        if isThrottled {
            throttled += elapsed
            return
        }
        let isBusy = granted > 0 && !jobs.isEmpty
        if isBusy {
            virtual += elapsed * granted / Double(jobs.count)
            used += elapsed * granted
        }
        guard limit < .infinity else { return }
        var charged = elapsed
        if time >= periodStart + Self.period {
            startPeriod(at: time)
            charged = min(elapsed, max(0, time - periodStart))
        }
        if isBusy { quotaLeft -= granted * charged }
    }

    /// Begins or ends throttling, depending on the quota. Call it after `advance`.
    mutating func checkQuota() {
        guard limit < .infinity else { return }
        if last >= periodStart + Self.period - Self.grain {
            startPeriod(at: last)
            isThrottled = false
        } else if quotaLeft <= Self.grain && !jobs.isEmpty && granted > 0 {
            isThrottled = true
        }
    }

    private mutating func startPeriod(at time: Double) {
        let periods = max(1, ((time - periodStart + Self.grain) / Self.period).rounded(.down))
        periodStart += periods * Self.period
        quotaLeft = limit * Self.period
    }

    /// The next time at which a job ends, the quota is used up or a new period begins; infinite if there is none.
    var nextChange: Double {
        if isThrottled { return periodStart + Self.period }
        guard granted > 0, let finish = jobs.earliest else { return .infinity }
        let end = last + max(0, finish - virtual) * Double(jobs.count) / granted
        guard limit < .infinity else { return end }
        let boundary = periodStart + Self.period
        let exhausted = last + max(0, quotaLeft) / granted
        if exhausted < boundary { return min(end, exhausted) }
        return granted > limit ? min(end, boundary + limit * Self.period / granted) : end
    }

    /// Removes a job that has ended.
    mutating func removeEnded() -> Int32? {
        guard let finish = jobs.earliest, finish <= virtual + Self.grain else { return nil }
        return jobs.removeEarliest()
    }
}

/// A binary heap of jobs, the one that ends first at its root.
private struct JobHeap {
    private var finish: [Double] = []
    private var request: [Int32] = []

    var count: Int { finish.count }
    var isEmpty: Bool { finish.isEmpty }
    var earliest: Double? { finish.first }

    mutating func add(_ job: Int32, finish end: Double) {
        finish.append(end)
        request.append(job)
        var hole = finish.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            if finish[parent] <= end { break }
            finish[hole] = finish[parent]
            request[hole] = request[parent]
            hole = parent
        }
        finish[hole] = end
        request[hole] = job
    }

    mutating func removeEarliest() -> Int32? {
        guard let first = request.first, let end = finish.popLast(), let job = request.popLast() else { return nil }
        let count = finish.count
        if count == 0 { return first }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= count { break }
            if child + 1 < count, finish[child + 1] < finish[child] { child += 1 }
            if finish[child] >= end { break }
            finish[hole] = finish[child]
            request[hole] = request[child]
            hole = child
        }
        finish[hole] = end
        request[hole] = job
        return first
    }
}
