import Files
public import Foundation
import ReportPage

/// A folder with the results of load tests, subfolders included; hidden files are ignored.
public struct LoadFolder: Sendable {
    private let url: URL
    private let zone: TimeZone
    private let outputs: Set<String>
    private static let maximumFileCount = 10_000
    // Data for resampling takes some MB per run; with more runs than these, the spread of the runs is enough.
    private static let maximumRunsWithParts = 200
    // What loadtest and this report write about the results, for people.
    private static let summaries: Set = [
        "tables.md", "chart.svg", "crossover.md", "crossover.svg", "report.html",
    ]

    /// Names a folder.
    ///
    /// - Parameters:
    ///   - path: of the folder.
    ///   - zone: where clients ran that note local times without a zone.
    ///   - outputs: files that are ours and no input.
    /// - Throws: `OperatorError` if an output holds results of a load test, which would be lost.
    public init(path: String, zone: TimeZone, outputs: [String] = []) throws {
        for output in outputs where FileStatus(path: output)?.isRegular == true {
            let file = InputFile(relativePath: output, path: output, lastChange: .zero, byteCount: 0)
            if try FileFormat.recognize(file) != nil {
                throw OperatorError(.request, "\(output) holds results and would be lost; name another file")
            }
        }
        url = URL(filePath: path, directoryHint: .isDirectory).resolvingSymlinksInPath()
        self.zone = zone
        let databases = outputs.flatMap { [$0, $0 + "-journal", $0 + "-wal", $0 + "-shm"] }
        self.outputs = Set(databases.map { URL(filePath: $0).resolvingSymlinksInPath().path })
    }

    /// Reads every file in a known format.
    ///
    /// - Parameter database: takes every client's records.
    /// - Throws: `OperatorError` if the folder cannot be read or the database cannot be written; a file that cannot be
    ///   read is listed in `skipped`.
    public func read(into database: RecordDatabase? = nil) throws -> LoadEvidence {
        var evidence = LoadEvidence()
        var runs = RunCollection()
        var runsWithParts = 0
        var predictions: [(file: InputFile, found: FoundPrediction)] = []
        let (files, rest) = try files()
        for file in LocustDownloads.named(files) {
            do {
                let (content, losses) = try FileReading(file: file, zone: zone, database: database).read()
                let loss = losses.line.map { "\(file.relativePath): \($0)" }
                if let loss { evidence.skipped.append(loss) }
                switch content {
                case .run(var run):
                    if let loss { run.gaps.append(loss) }
                    if !run.parts.isEmpty { runsWithParts += 1 }
                    if runsWithParts > Self.maximumRunsWithParts { run.parts = [] }
                    runs.add(run, of: file)
                    evidence.sources.append(file.relativePath)
                case .resources(let uses):
                    evidence.resources += uses
                    evidence.sources.append(file.relativePath)
                case .serverLog(let log): evidence.add(log)
                case .prediction(let found): predictions.append((file, found))
                case .nothing: break
                }
            } catch let error as UnreadableFile {
                evidence.skipped.append("\(file.relativePath): \(error.reason)")
                if file.mayHoldResults { evidence.unread.append(file.relativePath) }
            } catch let error as OperatorError where error.kind == .input {
                let named = "\(file.path) "
                let reason = error.description
                evidence.skipped.append(
                    "\(file.relativePath): \(reason.hasPrefix(named) ? String(reason.dropFirst(named.count)) : reason)")
                if file.mayHoldResults { evidence.unread.append(file.relativePath) }
            }
        }
        if rest > 0 {
            evidence.skipped.append("\(rest) more files: only the first \(Self.maximumFileCount) are read")
            evidence.unread.append("\(rest) more files")
        }
        evidence.runs = runs.merged
        evidence.predictions = predictions.map { claim($0.found, of: $0.file, beside: evidence.sources) }
        return evidence
    }

    /// A prediction's claim, held against the files of its folder.
    private func claim(_ found: FoundPrediction, of file: InputFile, beside sources: [String]) -> Claim {
        let place = file.relativePath.dropLast(file.name.count)
        return found.claim(
            in: URL(filePath: file.path).deletingLastPathComponent(),
            present: sources.filter { $0.hasPrefix(place) }.map { String($0.dropFirst(place.count)) })
    }

    private func files() throws -> (files: [InputFile], rest: Int) {
        let keys: [URLResourceKey] = [.isRegularFileKey, .contentModificationDateKey, .fileSizeKey]
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isReadableFile(atPath: url.path),
            let found = FileManager.default.enumerator(
                at: url, includingPropertiesForKeys: keys, options: .skipsHiddenFiles)
        else {
            throw OperatorError(
                .input, "\(url.path) is not a readable folder; name one with results of load tests")
        }
        var files: [InputFile] = []
        var rest = 0
        for case let file as URL in found {
            guard let values = try? file.resourceValues(forKeys: Set(keys)), values.isRegularFile == true,
                !outputs.contains(file.resolvingSymlinksInPath().path),
                !Self.summaries.contains(file.lastPathComponent)
            else { continue }
            guard files.count < Self.maximumFileCount else {
                rest += 1
                continue
            }
            let path = file.resolvingSymlinksInPath().path
            let date = (values.contentModificationDate?.timeIntervalSince1970).flatMap(Instant.init(seconds:))
            files.append(
                InputFile(
                    relativePath: path.hasPrefix(url.path + "/") ? String(path.dropFirst(url.path.count + 1)) : path,
                    path: path, lastChange: date ?? .zero, byteCount: values.fileSize ?? 0))
        }
        return (files.sorted { $0.relativePath < $1.relativePath }, rest)
    }
}

extension RecordReader.Losses {
    /// What was left out of a file, in one line; nil if nothing was.
    fileprivate var line: String? {
        guard count > 0, let firstRecord else { return nil }
        let why = reason.map { ": \($0)" } ?? ""
        return count == 1
            ? reason.map { "row \(firstRecord) is rejected: \($0)" }
                ?? "row \(firstRecord) is broken or cut short and left out"
            : "\(count) rows are broken or cut short and left out, the first of them row \(firstRecord)\(why)"
    }

    /// What is wrong with a file without any readable row, to follow "no rows"; empty if it simply has none.
    var suffix: String { line.map { "; \($0)" } ?? "" }
}
