/// Startup and readiness probes.
extension Engine {
    mutating func probe(_ index: Int) {
        guard let probe = scheduledProbe(of: index), pods[index].isActive else { return }
        scheduleProbe(index, at: now + probe.period)
        if !probe.runsModel {
            probeEnded(index, isSuccess: pods[index].isServing)
        } else if pods[index].probeRequest < 0 {
            let timeout = min(probe.timeout, probe.period)
            queue.schedule(.probeTimeout, at: now + timeout, index: index, generation: pods[index].probeGeneration)
            pods[index].probeRequest = arrive(owner: RequestPool.Owner.probe, at: index) ?? -1
        }
    }

    mutating func probeTimedOut(_ index: Int) {
        let request = pods[index].probeRequest
        guard request >= 0 else { return }
        requests.owner[Int(request)] = RequestPool.Owner.dropped
        probeEnded(index, isSuccess: false)
    }

    mutating func probeEnded(_ index: Int, isSuccess: Bool) {
        pods[index].probeRequest = -1
        guard let probe = scheduledProbe(of: index), pods[index].isActive else { return }
        pods[index].probeSuccesses = isSuccess ? pods[index].probeSuccesses + 1 : 0
        pods[index].probeFailures = isSuccess ? 0 : pods[index].probeFailures + 1
        if isSuccess && pods[index].probeSuccesses >= probe.successThreshold {
            if !pods[index].isStartupProbed {
                pods[index].isStartupProbed = true
                pods[index].probeSuccesses = 0
                pods[index].probeGeneration &+= 1
                let delay = scenario.workload.readiness?.initialDelay ?? 0
                scheduleProbe(index, at: max(now, (pods[index].record.started ?? now) + delay))
                if scenario.workload.readiness == nil { becomesReady(index, true) }
            } else {
                becomesReady(index, true)
            }
        } else if !isSuccess && pods[index].probeFailures >= probe.failureThreshold && pods[index].isStartupProbed {
            becomesReady(index, false)
        }
    }

    private mutating func becomesReady(_ index: Int, _ isReady: Bool) {
        guard pods[index].isReady != isReady else { return }
        setReady(index, isReady, at: now)
        queue.schedule(.endpoints, at: now, index: index)
    }
}
