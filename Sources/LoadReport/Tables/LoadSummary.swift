import Bytes
import Files

/// The report as text for a terminal.
public struct LoadSummary: Sendable {
    private let evidence: LoadEvidence
    private let name: String
    private let comparison: Comparison?
    private let gate: Gate?

    /// Makes the text.
    ///
    /// - Parameters:
    ///   - name: the folder's, as people see it.
    ///   - comparison: with a baseline, if there is one.
    ///   - gate: conditions that must not be met, if there are any.
    public init(_ evidence: LoadEvidence, name: String, _ comparison: Comparison? = nil, _ gate: Gate? = nil) {
        self.evidence = evidence
        self.name = name
        (self.comparison, self.gate) = (comparison, gate)
    }

    /// The whole text, with a line feed at the end.
    public var text: String {
        let parts = [
            "\(name): \(evidence.runs.count) runs, \(evidence.periodText)",
            Self.list(gate?.claims ?? [], titled: "What must not happen"),
            Self.list(comparison?.claims ?? [], titled: "Compared with \(comparison?.baselineName ?? "")"),
            comparison?.text, Self.list(evidence.claims, titled: "Claims"),
        ]
        return (parts.compactMap(\.self) + LoadTables(evidence).all.map(\.text)).joined(separator: "\n\n") + "\n"
    }

    private static func list(_ claims: [Claim], titled title: String) -> String? {
        guard !claims.isEmpty else { return nil }
        let lines = claims.map { claim in
            let padding = String(repeating: " ", count: 10 - claim.verdict.rawValue.count)
            let numbers = claim.numbers.map { "\t " + String(repeating: " ", count: 10) + $0 }
            return (["\t \(claim.verdict.rawValue)\(padding)\(claim.statement)"] + numbers).joined(separator: "\n")
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }
}

extension Comparison {
    fileprivate var text: String? {
        let table = table
        return table.rows.isEmpty ? nil : ([table.text] + notes.map { "\t \($0)" }).joined(separator: "\n")
    }
}

extension LoadEvidence {
    /// From when to when.
    var periodText: String {
        times.map { "\(UTCTime.text($0.lowerBound.second)) to \(UTCTime.text($0.upperBound.second)) UTC" }
            ?? "at no known time"
    }
}
