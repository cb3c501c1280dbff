import ArgumentParser
import Files
import Foundation
import LoadReport
import Recipes

/// A moment of a recording on the command line: seconds of it, Unix seconds, or RFC 3339.
struct RecordingTime {
    private enum Moment { case recording(Double), unix(Double) }

    private let moment: Moment
    /// No recording is that long.
    private static let leastUnix = 1e8

    init(_ argument: String) throws {
        if let value = seconds(argument), value >= 0, value.isFinite {
            moment = value < Self.leastUnix ? .recording(value) : .unix(value)
        } else if let date = try? Date(argument, strategy: .iso8601) {
            moment = .unix(date.timeIntervalSince1970)
        } else {
            throw ValidationError(
                "give seconds of the recording (90, 5m), Unix seconds, or a date with its zone: 2026-11-27T09:19:57Z")
        }
    }

    /// - Throws: `OperatorError` for a date where the recording has none.
    func time(in run: RecordedRun) throws -> Double {
        switch moment {
        case .recording(let seconds): return seconds
        case .unix(let unix):
            guard let origin = run.origin else {
                throw OperatorError(.request, "the recording has no date: give --from and --until in its seconds")
            }
            return unix - origin
        }
    }
}

/// A recorded run's folder: its files, and its manifests if they are there.
struct RecordingFolder {
    let path: String
    let run: RecordedRun
    let proofs: [RunProof]
    /// The files that the run was read from, as they are.
    let files: [RecordedFile]
    private static let predictionName = "prediction.json"
    private static let manifestNames = ["objects.json", "manifests.yaml", "manifests.json"]

    /// - Parameter zone: of clients that log local times, by its name.
    init(path: String, zone: String?, outputs: [String] = []) throws {
        self.path = path
        let evidence = try LoadFolder(
            path: path, zone: zone.flatMap(TimeZone.init(identifier:)) ?? .current, outputs: outputs
        ).read()
        let found = Result { () throws(RecipeError) in try RecordedRun(folder: path, evidence: evidence) }
        Self.name(evidence.skipped, except: (try? found.get())?.filesRead ?? RecordedRun.knownFiles(folder: path))
        run = try found.get()
        let names = Set(evidence.sources).union(run.filesRead).subtracting([Self.predictionName])
        files = names.sorted().compactMap { RecordedFile($0, in: URL(filePath: path)) }
        proofs = evidence.runs.compactMap(\.proof)
    }

    /// Names what was passed over: a recorder's tables, logs and `/metrics` are known here and not to a report.
    private static func name(_ skipped: [String], except read: Set<String>) {
        let rest = skipped.filter { line in !read.contains { line.hasPrefix("\($0): ") } }
        let ending = ": of no known format"
        for line in rest where !line.hasSuffix(ending) { StandardError.say("not read: \(line)") }
        let others = rest.filter { $0.hasSuffix(ending) }.map { $0.dropLast(ending.count) }
        if !others.isEmpty { StandardError.say("not read, of no known format: \(others.joined(separator: ", "))") }
    }

    /// Where `prediction.json` goes.
    var prediction: URL { URL(filePath: path).appending(path: Self.predictionName) }

    /// The manifests in the folder; nil if there are none.
    var manifests: String? {
        Self.manifestNames.map { URL(filePath: path).appending(path: $0).path }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    static func check(zone: String?) throws {
        if let zone, TimeZone(identifier: zone) == nil {
            throw ValidationError("--time-zone \(zone) is not a time zone: use a name such as UTC or Europe/Berlin.")
        }
    }
}
