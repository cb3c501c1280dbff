import Bytes
import Cluster
import Files

extension LoadRun {
    // Rounds that differ by more have not found the same saturation.
    private static var allowedSpread: Double { 0.15 }
    private static var neededRounds: Int { 3 }

    /// Where the service saturates, and the rate to run it at.
    var saturationClaim: Claim? {
        if let proof, let found = proof.saturation { return claim(found, proof) }
        guard !steps.isEmpty else { return nil }
        guard let found = saturationOfSteps else {
            let hasFailed = steps.contains { $0.failures > 0 }
            return Claim(
                verdict: .unproven, statement: "\(name): saturation was not found",
                numbers: [
                    hasFailed
                        ? "after the first failures, no number of users ran without failures"
                        : "no request failed with up to \(steps.map(\.users).max() ?? 0) users: try more"
                ])
        }
        return Claim(
            verdict: .unproven, statement: Self.statement(name, rate: found.rate, users: found.users),
            numbers: ["the last clean number of users in \(steps.count) tests of one client; nothing was repeated"])
    }

    private func claim(_ found: Saturation, _ proof: RunProof) -> Claim {
        let rounds = found.rounds.map { "\($0.rate.shortest)/s with \($0.users)" }.joined(separator: ", ")
        let latency = [("p50", found.p50Ms), ("p99", found.p99Ms)].compactMap { name, value in
            value.map { "\(name) \($0.shortest) ms" }
        }
        var numbers = [
            "\(found.rounds.count) rounds (\(rounds) users), spread \((found.spread * 100).decimal(digits: 1)) %",
            latency.joined(separator: ", "),
        ].filter { !$0.isEmpty }
        let isAgreed = found.rounds.count >= Self.neededRounds && found.spread <= Self.allowedSpread
        if !isAgreed { numbers.append("\(Self.neededRounds) rounds within 15 % of each other would prove it") }
        if proof.verdict == .void { numbers += proof.reasons.map(\.text) }
        return Claim(
            verdict: proof.verdict == .void ? .void : isAgreed ? .proven : .unproven,
            statement: Self.statement(name, rate: found.rate, users: found.users), numbers: numbers)
    }

    private static func statement(_ name: String, rate: Double, users: Int) -> String {
        "\(name): saturates at \(rate.shortest)/s with \(users) users; run it at "
            + "\((rate * PodScaling.saturationRule).shortest)/s (70 %)"
    }
}

extension Double {
    /// At most four significant digits and no needless ones, `0.75`, `412.3`, `14010`.
    var shortest: String {
        guard isFinite else { return "n/a" }
        let digits = magnitude >= 1000 ? 0 : magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : magnitude >= 1 ? 3 : 4
        let text = decimal(digits: digits)
        guard text.contains(".") else { return text }
        let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(short.reversed())
    }
}
