package import Foundation
package import LoadReport

extension Prediction {
    /// The verdict and its reasons, a line each.
    package func text(statement: String) -> String {
        var lines = ["\(verdict.rawValue): \(statement)"]
        lines += checks.map { "  \($0.verdict.rawValue.padded(to: 9)) \($0.text)" }
        if let first = firstDifference?.firstDifference { lines.append("  first difference: \(first.text)") }
        if let unrecorded {
            lines.append(
                "  not judged: \(fixed(unrecorded.lowerBound, 0)) to \(fixed(unrecorded.upperBound, 0)) s: pods used CPU for which "
                    + "no client recorded a request; give the load with --load")
        }
        return lines.joined(separator: "\n")
    }

    /// `prediction.json`, from which `bungalow report` takes the verdict.
    ///
    /// - Parameters:
    ///   - recording: the files that were judged: a verdict is of these, and of no others.
    ///   - service: the service file, if there was one.
    ///   - simulation: the runs themselves, for `--json`.
    package func data(
        statement: String, recording: [RecordedFile], service: RecordedFile?, simulation: JSONReport? = nil
    ) throws -> Data {
        struct File: Encodable {
            var schema = 1
            var prediction: PredictedVerdict
            var judgedS: [[Double]]
            var recording: [RecordedFile]
            var service: RecordedFile?
            var simulation: JSONReport?
        }
        let first = firstDifference?.firstDifference.map { ["first difference: \($0.text)"] } ?? []
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let file = File(
            prediction: PredictedVerdict(
                verdict: verdict, statement: statement,
                numbers: checks.map { "\($0.verdict.rawValue) \($0.text)" } + first),
            judgedS: judged.map { [$0.lowerBound, $0.upperBound].map { ($0 * 10).rounded() / 10 } },
            recording: recording, service: service, simulation: simulation)
        return try encoder.encode(file) + Data("\n".utf8)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
