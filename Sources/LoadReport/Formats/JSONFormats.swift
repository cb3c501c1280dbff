import Foundation

/// The JSON files: proofs of runs, k6's summaries and `bungalow analyze --json`, distinguished by their keys.
enum JSONFormats {
    // Only the keys that distinguish the formats.
    private struct Keys: Decodable {
        let schema: Int?
        let planned, phases, metrics: Present?
        let pods, latencyEntries: Present?
        let total, prediction: Present?
    }

    private struct Present: Decodable {
        init(from decoder: any Decoder) {}
    }

    static func read(_ file: InputFile) throws -> FileContent {
        let data = try file.wholeText()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let keys = try decoder.decode(Keys.self, from: data)
            if let schema = keys.schema, keys.planned != nil {
                guard schema == RunProof.schema else {
                    throw UnreadableFile("schema \(schema) of a run is not known; \(RunProof.schema) is")
                }
                let proof = try decoder.decode(RunProof.self, from: data)
                guard proof.isWithinBounds else {
                    throw UnreadableFile("a count is negative or above a million million")
                }
                return .run(LoadRun(proof, of: file))
            }
            if keys.schema == RunProof.schema, keys.phases != nil {
                return .run(LoadRun(try decoder.decode(SiegeSums.self, from: data), of: file))
            }
            if keys.prediction != nil {
                return .prediction(try decoder.decode(PredictionFile.self, from: data).prediction.claim)
            }
            if keys.metrics != nil { return .run(try K6Summary(data).run(of: file)) }
            if keys.pods != nil, keys.total != nil {
                return .serverLog(try decoder.decode(AnalysisFile.self, from: data).log(of: file))
            }
        } catch let error as DecodingError {
            throw UnreadableFile(error.reason)
        }
        throw UnreadableFile("JSON of no known format")
    }
}

extension LoadRun {
    fileprivate init(_ proof: RunProof, of file: InputFile) {
        self.init(name: proof.name.isEmpty ? file.runName : proof.name, tool: proof.tool)
        self.proof = proof
        sources = [file.relativePath]
        times = min(proof.started, proof.ended)...max(proof.started, proof.ended)
        system = CalledSystem(target: proof.target, version: proof.version)
    }

    fileprivate init(_ sums: SiegeSums, of file: InputFile) {
        self.init(name: file.runName, tool: "siege")
        sources = [file.relativePath]
        system = CalledSystem(target: sums.target, version: sums.version)
    }
}

/// `prediction.json` of `bungalow simulate --recording`.
private struct PredictionFile: Decodable {
    let prediction: Found

    struct Found: Decodable {
        let verdict: Verdict
        let statement: String
        let numbers: [String]

        var claim: Claim {
            Claim(
                verdict: verdict, statement: statement.oneLine,
                numbers: numbers.prefix(PredictionFile.most).map(\.oneLine))
        }
    }

    private static let most = 20
}

/// What `loadtest/siege/phases` adds to siege's log: the numbers are in the log.
private struct SiegeSums: Decodable {
    let target: String
    let version: SystemVersion?
}

extension DecodingError {
    /// What is wrong with the JSON, in one line.
    fileprivate var reason: String {
        let at = { (path: [any CodingKey]) in
            path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context): "the field \(at(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the field \(at(context.codingPath)) has no value of the right kind"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            "the field \(at(context.codingPath)) cannot be read: \(context.debugDescription.oneLine)"
        default: "no whole JSON; is something still writing it?"
        }
    }
}

extension String {
    /// The text without line ends, at most 200 characters.
    var oneLine: String { String(split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200)) }
}
