import ArgumentParser
import Cluster
import Files
import Foundation
import LatencyAnalyzer
import ScoringLog

/// `bungalow analyze`: from pods' logs to the results file.
struct AnalyzeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Turns pods' scoring logs into percentiles, throughput and the results file.",
        usage: """
            bungalow analyze
            bungalow analyze --files LOG … [--sqlite FILE] [--html FILE]
            bungalow analyze --namespace NAME --deployment NAME [--follow --duration SECONDS]
            """,
        discussion: """
            Without --files and --deployment it asks, as the AKS latency-detection scripts do: which context, which \
            deployment, which path; then it downloads each pod's log to <pod>.txt, writes \
            <deployment>_results.txt and finds request ids until q.

            Logs may have the prefixes of kubectl, stern or docker compose, be a node's or Docker's files, JSON, \
            CSV or gzip; rotated files of one pod are one log.

            Exit code 65 means that requests are missing, that none was read, that there are more than expected, \
            or that a requested count proves nothing.
            """)

    /// Which scoring lines count: those of one kind of model, or of both.
    enum ModelKindOption: String, ExpressibleByArgument, CaseIterable {
        case ml, dl, auto

        var onlyPath: ModelKind? {
            switch self {
            case .ml: .ml
            case .dl: .dl
            case .auto: nil
            }
        }
    }

    @OptionGroup(title: "Logs from a cluster") var source: ClusterSource

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Logs on disk, plain or compressed; - is standard input.", valueName: "log"),
        completion: .file())
    var files: [String] = []

    @Option(
        name: .customLong("path"),
        help: "Which scoring lines count: ml (Prediction took), dl (Predictions took), auto (both).")
    var modelKind: ModelKindOption?

    @Option(help: ArgumentHelp("Folder for the logs and the results file.", valueName: "dir"), completion: .directory)
    var output = "."

    @Flag(help: "Print JSON instead of the results file's text.") var json = false

    @Option(
        help: ArgumentHelp("Store every request in an SQLite file, each once.", valueName: "file"), completion: .file()
    )
    var sqlite: String?

    @Option(help: ArgumentHelp("Write an HTML page with charts.", valueName: "file"), completion: .file())
    var html: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The expected number of requests; exit code 65 if there are fewer or more.", valueName: "requests"))
    var expect: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files with the text of the servers' /metrics: they give the expected number of requests.",
            valueName: "file"),
        completion: .file())
    var metrics: [String] = []

    /// Whether to ask which logs to analyze.
    private var isAsking: Bool { files.isEmpty && source.deployment == nil }

    func validate() throws {
        if !files.isEmpty, let option = source.firstOptionOfACluster {
            throw ValidationError("--files and \(option) cannot be combined: logs are either on disk or in a cluster.")
        }
        if let expect, expect < 0 {
            throw ValidationError("--expect \(expect) is not allowed: use a number from 0 on.")
        }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("Standard input can be read only once.") }
        if expect != nil, !metrics.isEmpty || source.counters {
            throw ValidationError(
                "--expect cannot be combined with --metrics or --counters: each gives the expected number of requests.")
        }
        if !metrics.isEmpty, source.counters { throw ValidationError("Give --metrics or --counters, not both.") }
        for (option, path) in [("--html", html), ("--sqlite", sqlite), ("--output", output)] where path?.isEmpty == true
        {
            throw ValidationError("\(option) is empty: give a name.")
        }
        if isAsking, json { throw ValidationError("--json needs --files, or --namespace and --deployment.") }
    }

    func run() async throws {
        try FileManager.default.createFolder(output)
        if !files.isEmpty {
            let logs = try chosenLogs()
            let expected = try expectedCalls()
            try await finish(logs, names: (source.deployment, source.namespace), expected: expected, gaps: [])
        } else if isAsking {
            try await ask()
        } else {
            let deployment = try await source.chosenDeployment()
            try await analyze(deployment, in: source.cluster)
        }
    }

    /// The named logs, each once, without results files.
    private func chosenLogs() throws -> [LogFile] {
        var known: Set<FileStatus> = []
        let paths = files.filter { path in
            if LogFile(path: path).isResultsFile {
                StandardError.say("\(path) is a results file, not a log: left out")
                return false
            }
            guard let status = TextFile(path: path).status, !known.insert(status).inserted else { return true }
            StandardError.say("\(path) is named twice, or links to another of the logs: it counts once")
            return false
        }
        guard !paths.isEmpty else { throw OperatorError(.input, "no log is left: name the pods' logs with --files") }
        return LogFile.named(paths)
    }

    private func ask() async throws {
        do {
            let dialogue = Dialogue()
            let cluster = try await dialogue.chooseContext(source.context)
            let deployment = try await dialogue.chooseDeployment(in: cluster)
            let kind = try modelKind ?? dialogue.chooseModelKind()
            var command = self
            command.modelKind = kind
            let logs = try await command.analyze(deployment, in: cluster)
            try dialogue.search(RequestSearch(logs))
        } catch is EndOfInput {
            StandardError.say("\nEnd of input: nothing more to do.")
        }
    }

    @discardableResult
    private func analyze(_ deployment: Cluster.Deployment, in cluster: Cluster) async throws -> [LogFile] {
        // Report a file that cannot be written before an hour of recording, not after it.
        _ = try outputs(for: deployment.name, reading: [])
        let collected = try await source.collect(deployment, from: cluster, to: output)
        let expected = try collected.expectedCalls ?? expectedCalls()
        try await finish(
            collected.files, names: (deployment.name, deployment.namespace), expected: expected,
            gaps: collected.gaps, doubts: collected.doubts, isCountedByPod: collected.expectedCalls != nil)
        return collected.files
    }

    private func expectedCalls() throws -> Analysis.ExpectedCalls? {
        if let expect { return .init(calls: expect, source: "--expect") }
        return metrics.isEmpty ? nil : .init(counted: try ServerCounters(fromFiles: metrics).calls)
    }

    private func outputs(for deployment: String, reading logs: [LogFile]) throws -> AnalysisOutputs {
        try AnalysisOutputs(
            deployment: deployment, folder: output, html: html, sqlite: sqlite,
            inputs: logs.flatMap(\.texts) + metrics.map(TextFile.init(path:)))
    }

    /// Whether nothing is known to be missing, and a requested count was taken.
    private func isAllThere(_ analysis: Analysis) -> Bool {
        switch analysis.completeness {
        case .complete: true
        case .incomplete: false
        case .notChecked: expect == nil && metrics.isEmpty && !source.counters && analysis.doubts.isEmpty
        }
    }

    private func finish(
        _ logs: [LogFile], names: (deployment: String?, namespace: String?), expected: Analysis.ExpectedCalls?,
        gaps: [String], doubts: [String] = [], isCountedByPod: Bool = false
    ) async throws {
        let deployment = names.deployment ?? Analysis.deployment(ofPods: logs.map(\.pod))
        let outputs = try outputs(for: deployment, reading: logs)
        let pods = try await Analysis.read(logs, onlyPath: modelKind?.onlyPath, into: outputs.database) { pod in
            StandardError.say(pod.summary)
        }
        let analysis = Analysis(
            deployment: deployment, namespace: names.namespace ?? "n/a", pods: pods, expectedCalls: expected,
            gaps: gaps, doubts: doubts, isCountedByPod: isCountedByPod)
        let text = ResultsFile(analysis).text
        let file = try outputs.write(analysis, text: text)
        try StandardOutput.write(json ? try AnalysisJSON(analysis).data() : Data(text.utf8))
        StandardError.say("Results in \(file)")
        // After a dialogue, request ids can still be searched.
        if !isAsking, !isAllThere(analysis) { throw ExitCode(65) }
    }
}

extension FileManager {
    /// Creates a folder unless it exists.
    fileprivate func createFolder(_ path: String) throws {
        do {
            try createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw OperatorError(.output, "the folder \(path) cannot be created: \(error.localizedDescription)")
        }
    }
}
