import Files
import Foundation
import LatencyAnalyzer
import ScoringLog

/// The scoring logs in a folder and its `logs`: requests by pod and second, and the spread of the scoring times.
struct ScoringLogs {
    struct Log {
        var pod: String
        /// Unix seconds.
        var seconds: [Int: Int] = [:]
        /// Scoring times in ms.
        var times: [Int: [Double]] = [:]
    }

    private(set) var pods: [Log] = []
    private(set) var notes: [String] = []
    /// The files that hold requests, as the folder names them.
    private(set) var names: Set<String> = []
    private static let maximumFileCount = 1000
    /// Scoring times that are kept of a second: enough for its quantiles.
    static let keptPerSecond = 64
    private static let maximumSecondCount = 100_000

    init(_ folder: RecordingFiles) {
        let files = folder.all.filter { Self.isLog($0.url.lastPathComponent) }
        for file in files.prefix(Self.maximumFileCount) {
            do {
                let log = try Self.read(file.url)
                guard !log.seconds.isEmpty else { continue }
                pods.append(log)
                names.insert(file.name)
            } catch {
                notes.append("\(file.name) is left out: \(error)")
            }
        }
        for file in folder.all where ScoringDatabase.isDatabase(file.url) { add(databaseAt: file.url, name: file.name) }
    }

    /// What `analyze --sqlite` stored, unless the logs themselves are there, or another database is.
    private mutating func add(databaseAt url: URL, name: String) {
        guard pods.isEmpty else {
            notes.append("\(name) is left out: the folder has the scoring logs of \(pods.count) pods already")
            names.insert(name)
            return
        }
        do {
            let database = try ScoringDatabase(path: url.path)
            pods = database.pods
            notes += database.losses.map { "\(name): \($0)" }
        } catch {
            notes.append("\(name) is left out: \(error)")
        }
        names.insert(name)
    }

    private static func isLog(_ name: String) -> Bool {
        [".txt", ".log", ".txt.gz", ".log.gz"].contains { name.hasSuffix($0) } && !name.hasPrefix("siege")
    }

    private static func read(_ file: URL) throws -> Log {
        var name = file.lastPathComponent
        for ending in [".gz", ".txt", ".log"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
        var log = Log(pod: name)
        var parser = ScoringLogParser()
        func take(_ request: LoggedRequest) {
            let second = request.secondsSince1970
            guard log.seconds.count < maximumSecondCount || log.seconds[second] != nil else { return }
            log.seconds[second, default: 0] += 1
            guard let time = request.scoringMilliseconds, log.times[second, default: []].count < keptPerSecond else {
                return
            }
            log.times[second, default: []].append(time)
        }
        try TextFile(path: file.path).forEachPiece { parser.read($0, onRequest: take) }
        parser.finish(onRequest: take)
        return log
    }
}
