import LatencyAnalyzer

/// The runs of one cache rate against one system with one tool and model.
struct CacheRateRuns {
    let name: String
    let rate: Double
    let runs: [LoadRun]

    /// Those whose figures mean something.
    var proven: [RunProof] { runs.filter { $0.cacheRateClaim?.verdict == .proven }.compactMap(\.proof) }

    private struct Key: Hashable {
        let letter: String
        let tool: String
        let isOpen: Bool
        let offered: Double?
        let rate: Double

        /// What else tells runs apart.
        var kind: String {
            let model = isOpen ? "\(offered?.shortest ?? "?")/s" : "closed"
            return [letter, tool, model].filter { !$0.isEmpty }.joined(separator: ", ")
        }
    }

    /// All that have a cache rate and are no search for saturation, in rising order.
    static func of(_ runs: [LoadRun], _ groups: SystemGroups) -> [Self] {
        var found: [Key: [LoadRun]] = [:]
        for run in runs {
            guard let proof = run.proof, let rate = proof.cacheRate, proof.saturation == nil else { continue }
            let key = Key(
                letter: groups.letter(of: run) ?? "", tool: proof.tool, isOpen: proof.model == .open,
                offered: proof.rate.offered, rate: rate)
            found[key, default: []].append(run)
        }
        let kinds = Set(found.keys.map(\.kind))
        return found.sorted { ($0.key.kind, $0.key.rate) < ($1.key.kind, $1.key.rate) }.map { key, runs in
            CacheRateRuns(
                name: kinds.count > 1 ? "\(key.rate.shortest) (\(key.kind))" : key.rate.shortest, rate: key.rate,
                runs: runs)
        }
    }
}
