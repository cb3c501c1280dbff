/// The runs of one cache rate against one system with one tool and model.
struct CacheRateRuns {
    let name: String
    let rate: Double
    let runs: [LoadRun]

    /// The runs whose figures are valid.
    var proven: [RunProof] { runs.filter { $0.cacheRateClaim?.verdict == .proven }.compactMap(\.proof) }

    private struct Key: Hashable {
        let rate: Double
        /// System, tool and model, which also distinguish runs.
        let kind: [String]
    }

    /// All runs with a cache rate, except searches for saturation, in ascending order.
    static func of(_ runs: [LoadRun], _ groups: SystemGroups) -> [Self] {
        var found: [Key: [LoadRun]] = [:]
        for run in runs {
            guard let proof = run.proof, let rate = proof.cacheRate, proof.saturation == nil else { continue }
            let model = proof.model == .open ? "\(proof.rate.offered.cell)/s" : "closed"
            let kind = [groups.letter(of: run) ?? "", proof.tool, model]
            found[Key(rate: rate, kind: kind), default: []].append(run)
        }
        let kinds = found.keys.map(\.kind)
        let differing = (0..<3).filter { part in Set(kinds.map { $0[part] }).count > 1 }
        let named = found.map { key, runs in
            (kind: differing.map { key.kind[$0] }.joined(separator: ", "), rate: key.rate, runs: runs)
        }
        return named.sorted { ($0.kind, $0.rate) < ($1.kind, $1.rate) }.map { kind, rate, runs in
            CacheRateRuns(
                name: kind.isEmpty ? rate.shortest : "\(rate.shortest) (\(kind))", rate: rate, runs: runs)
        }
    }
}
