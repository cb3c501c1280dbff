import Bytes
import Files

/// The report as text for a terminal.
public struct LoadSummary: Sendable {
    private let evidence: LoadEvidence
    private let name: String

    /// Makes the text.
    ///
    /// - Parameter name: the folder's, as people see it.
    public init(_ evidence: LoadEvidence, name: String) {
        self.evidence = evidence
        self.name = name
    }

    /// The whole text, with a line feed at the end.
    public var text: String {
        let claims = evidence.claims.map { claim in
            let padding = String(repeating: " ", count: 10 - claim.verdict.rawValue.count)
            let numbers = claim.numbers.map { "\t " + String(repeating: " ", count: 10) + $0 }
            return (["\t \(claim.verdict.rawValue)\(padding)\(claim.statement)"] + numbers).joined(separator: "\n")
        }
        let parts = [
            "\(name): \(evidence.runs.count) runs, \(evidence.periodText)",
            claims.isEmpty ? nil : "Claims:\n" + claims.joined(separator: "\n"),
        ]
        return (parts.compactMap(\.self) + LoadTables(evidence).all.map(\.text)).joined(separator: "\n\n") + "\n"
    }
}

extension LoadEvidence {
    /// From when to when.
    var periodText: String {
        times.map { "\(UTCTime.text($0.lowerBound.second)) to \(UTCTime.text($0.upperBound.second)) UTC" }
            ?? "at no known time"
    }
}
