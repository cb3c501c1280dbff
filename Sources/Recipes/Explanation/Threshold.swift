package import Autoscaler

/// The use of the pods that count at which a metric would propose another number of replicas.
///
/// Found by asking the controller's own calculator, so that pods that it fills in, rounding and tolerance count as they do.
package struct Threshold {
    /// The unit of the target: percent of the request, or millicores of a pod.
    package let isPercent: Bool
    /// The least use at which more replicas are proposed; nil if no use is enough.
    package let up: Int?
    /// The most use at which fewer replicas are proposed; nil if no use is little enough.
    package let down: Int?
    /// The use now.
    package let current: Int

    /// - Parameters:
    ///   - report: what the metric made of the pods.
    ///   - calculator: of that metric.
    ///   - replicas: `spec.replicas` of the target.
    package init?(
        _ report: MetricReport, calculator: ReplicaCalculator, pods: [PodObservation], replicas: Int, now: Double
    ) {
        guard case .success(let proposal) = report.result else { return nil }
        let target: Int
        switch (report.metric.target, proposal.current) {
        case (.utilization(let percent), .utilization(let used, _)):
            (isPercent, target, current) = (true, percent, used)
        case (.averageValue(let most), .averageValue(let used)): (isPercent, target, current) = (false, most, used)
        default: return nil
        }
        let isPercent = isPercent
        func proposed(_ use: Int) -> Int {
            var pods = pods
            for index in report.classes.ready {
                pods[index].use(use, ofRequest: isPercent, container: report.metric.container)
            }
            let report = calculator.report(pods: pods, current: replicas, now: now)
            guard case .success(let proposal) = report.result else { return replicas }
            return proposal.replicas
        }
        // Beyond this one pod that counts asks for more than all that are filled in.
        let most = target * 2 * (pods.count + replicas + 1)
        up = Self.first(in: 0...most) { proposed($0) > replicas }
        down = Self.first(in: 0...most) { proposed($0) >= replicas }.flatMap { $0 == 0 ? nil : $0 - 1 }
    }

    /// The first number for which something holds that holds for all after it.
    private static func first(in range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int? {
        guard holds(range.upperBound) else { return nil }
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func text(_ use: Int) -> String { isPercent ? "\(use) % of the request" : "\(use)m a pod" }
}

extension PodObservation {
    /// Has each container that counts use this much.
    fileprivate mutating func use(_ use: Int, ofRequest isPercent: Bool, container: String?) {
        let counted = requests.filter { container == nil || $0.name == container }
        for (index, request) in counted.enumerated() {
            let millicores = isPercent ? use * (request.millicores ?? 0) / 100 : index == 0 ? use : 0
            guard let place = sample?.containers.firstIndex(where: { $0.name == request.name }) else { continue }
            sample?.containers[place].nanocores = millicores * 1_000_000
        }
    }
}
