import Files
import Foundation

/// The JSON files: proofs of runs, k6's summaries and `bungalow analyze --json`, distinguished by their keys.
enum JSONFormats {
    // Only the keys that distinguish the formats.
    private struct Keys: Decodable {
        let schema: Int?
        let planned, phases, metrics, results: Present?
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
                let file = try decoder.decode(PredictionFile.self, from: data)
                guard file.schema == PredictionFile.schema else {
                    throw UnreadableFile("its schema is \(file.schema), and \(PredictionFile.schema) is known")
                }
                return .prediction(FoundPrediction(found: file.prediction, recording: file.recording))
            }
            if keys.metrics != nil || keys.results != nil { return .run(try K6Summary(data).run(of: file)) }
            if keys.pods != nil, keys.total != nil {
                return .serverLog(try decoder.decode(AnalysisFile.self, from: data).log(of: file))
            }
        } catch let error as DecodingError {
            guard case .dataCorrupted(let context) = error, context.codingPath.isEmpty, hasTwoDocuments(data) else {
                throw UnreadableFile(error.reason)
            }
            throw UnreadableFile("two JSON documents in one file; give each a file of its own")
        }
        throw UnreadableFile.unknownJSON
    }

    /// Whether another object or list follows the first one.
    private static func hasTwoDocuments(_ data: Data) -> Bool {
        var (depth, isText, isEscaped, isPastFirst) = (0, false, false, false)
        for byte in data {
            if isText {
                if !isEscaped, byte == UInt8(ascii: "\"") { isText = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if isPastFirst { return true }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                isPastFirst = isPastFirst || depth == 0
            default: break
            }
        }
        return false
    }
}

extension LoadRun {
    fileprivate init(_ proof: RunProof, of file: InputFile) {
        self.init(name: proof.name.isEmpty ? file.runName : proof.name, tool: proof.tool)
        self.proof = proof
        sources = [file.relativePath]
        times = min(proof.started, proof.ended)...max(proof.started, proof.ended)
        set(
            RequestTally(
                kind: .proof, requests: proof.planned.calls, failures: proof.seen.failed,
                isConfirmed: proof.hasAllOutcomes))
        system = CalledSystem(target: proof.target, version: proof.version)
    }

    fileprivate init(_ sums: SiegeSums, of file: InputFile) {
        self.init(name: file.runName, tool: "siege")
        sources = [file.relativePath]
        system = CalledSystem(target: sums.target, version: sums.version)
        guard let counts = sums.counts else { return }
        set(
            RequestTally(
                kind: .siegePhases, requests: counts.okay + counts.failed, failures: counts.failed,
                isConfirmed: counts.isConfirmed))
    }
}

/// `prediction.json` of `bungalow simulate --recording`.
private struct PredictionFile: Decodable {
    let schema: Int
    let prediction: PredictedVerdict
    /// Nil in files of older releases.
    let recording: [RecordedFile]?

    static let schema = 1
}

/// The file that `loadtest/siege/phases` adds to siege's log: it repeats the log's numbers.
struct SiegeSums: Decodable {
    let target: String
    let version: SystemVersion?
    /// In UTC, which the log's rows are in, too.
    let ended: Instant?
    private let okay, failed: Int?
    private let phases: [Phase]?

    private struct Phase: Decodable { let okay, failed: Int? }

    /// The sums, and whether the phases add up to them; nil if they are not there.
    fileprivate var counts: (okay: Int, failed: Int, isConfirmed: Bool)? {
        let all = [okay, failed] + (phases ?? []).flatMap { [$0.okay, $0.failed] }
        guard let okay, let failed, let phases,
            all.allSatisfy({ $0.map(Int.allowedCounts.contains) ?? false })
        else { return nil }
        let sums = phases.reduce((0, 0)) { ($0.0 + ($1.okay ?? 0), $0.1 + ($1.failed ?? 0)) }
        return (okay, max(failed, sums.1), sums == (okay, failed))
    }

    /// The file beside siege's log; nil if there is none, or it has another format.
    static func beside(_ log: InputFile) -> Self? {
        let path = "\(log.path.dropLast(4)).json"
        guard log.path.hasSuffix(".log"), FileStatus(path: path)?.isRegular == true else { return nil }
        let file = InputFile(relativePath: path, path: path, lastChange: .zero, byteCount: 0)
        guard let data = try? file.wholeText() else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(Self.self, from: data)
    }
}

extension DecodingError {
    /// What is wrong with the JSON, in one line.
    var reason: String {
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
