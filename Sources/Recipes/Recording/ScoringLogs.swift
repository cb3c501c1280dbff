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
    private static let maximumFileCount = 1000
    /// Scoring times that are kept of a second: enough for its quantiles.
    private static let keptPerSecond = 64
    private static let maximumSecondCount = 100_000

    init(folder: String) throws(RecipeError) {
        let top = URL(filePath: folder)
        var files: [URL] = []
        for place in [top, top.appending(path: "logs")] {
            let found = (try? FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)) ?? []
            files += found.filter { Self.isLog($0.lastPathComponent) }
        }
        for file in files.sorted(by: { $0.path < $1.path }).prefix(Self.maximumFileCount) {
            do {
                let log = try Self.read(file)
                if !log.seconds.isEmpty { pods.append(log) }
            } catch {
                notes.append("\(file.lastPathComponent) is left out: \(error)")
            }
        }
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
