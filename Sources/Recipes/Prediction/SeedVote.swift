package import LoadReport

/// The verdict of several seeds: that of more than half of them; nil if there is none.
package struct SeedVote: Sendable {
    package let verdict: Verdict?
    package let agreeing: Int
    /// The seed to show: the median by a figure that knows nothing of the recording, among those that agree.
    package let shown: Int

    /// - Parameter order: the seeds in the order of that figure.
    package init?(_ predictions: [Prediction], order: [Int]) {
        let counts = Dictionary(grouping: order) { predictions[$0].verdict }
        guard let most = counts.max(by: { ($0.value.count, $1.key.rawValue) < ($1.value.count, $0.key.rawValue) })
        else { return nil }
        agreeing = most.value.count
        let isMost = 2 * agreeing > order.count
        verdict = isMost ? most.key : nil
        let eligible = isMost ? most.value : order
        shown = eligible[(eligible.count - 1) / 2]
    }
}
