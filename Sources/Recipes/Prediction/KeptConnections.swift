package import LoadReport

extension RecordedRun {
    /// Tools that keep their connections, so that kube-proxy sends a new pod nothing until some are made anew.
    private static let keepingTools = ["k6", "locust"]
    private static let leastPods = 2

    /// A line on kept connections, where they may be why replicas or their times are not as predicted.
    package func keptConnections(verdict: Verdict, isLoadGiven: Bool) -> String? {
        guard phases == nil, !isLoadGiven, verdict != .proven || isUneven else { return nil }
        let uneven = "some pods used less than half of the CPU that the others did"
        guard let tool = tools.first(where: Self.keepingTools.contains) else {
            return isUneven
                ? "possible cause: \(uneven); clients that keep their connections send a new pod nothing" : nil
        }
        return
            "possible cause: \(isUneven ? uneven + ", and " : "")\(tool) keeps its connections, so new pods get few requests, "
            + "while the load was simulated with a connection a request; give the load with --load, with connections: N "
            + "(docs/autoscaling.md)"
    }

    /// Whether pods that had been published for long used very different CPU at most times of load.
    private var isUneven: Bool {
        let busy = 0.02
        var (uneven, all) = (0, 0)
        for values in Dictionary(grouping: publications, by: { ($0.time / 5).rounded() }).values {
            guard values.count >= Self.leastPods, let most = values.map(\.cores).max(), most > busy else { continue }
            all += 1
            if values.contains(where: { $0.cores < most / 2 }) { uneven += 1 }
        }
        return all >= 4 && 2 * uneven > all
    }
}
