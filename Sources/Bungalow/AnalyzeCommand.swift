import ArgumentParser
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

            Exit code 65 says that calls are missing from the logs, or that there are more than expected.
            """)

    /// The words that scoring lines begin with.
    enum Path: String, ExpressibleByArgument, CaseIterable {
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
        parsing: .upToNextOption, help: ArgumentHelp("Logs at hand, one a pod; - is standard input.", valueName: "log"))
    var files: [String] = []

    @Option(help: "Which scoring lines count: ml (Prediction took), dl (Predictions took), auto (both).")
    var path: Path?

    @Option(help: ArgumentHelp("Where the logs and the results file go.", valueName: "dir")) var output = "."

    @Flag(help: "Print JSON instead of the results file's text.") var json = false

    @Option(help: ArgumentHelp("Store every call in an SQLite file; nothing twice.", valueName: "file"))
    var sqlite: String?

    @Option(help: ArgumentHelp("Write a page with pictures.", valueName: "file")) var html: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many calls there should be; exit code 65 if there are fewer or more.", valueName: "calls"))
    var expect: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Texts of the servers' /metrics: how many calls there should be.", valueName: "file"))
    var metrics: [String] = []

    /// Whether a person has to say what is meant.
    private var isAsking: Bool { files.isEmpty && source.deployment == nil }

    func validate() throws {
        if !files.isEmpty, let option = source.firstOptionOfACluster {
            throw ValidationError("--files and \(option) do not go together: the logs are at hand, or in a cluster.")
        }
        if let expect, expect < 0 {
            throw ValidationError("--expect \(expect) is not allowed: use a number from 0 on.")
        }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("Standard input can be read once only.") }
        if expect != nil, !metrics.isEmpty || source.counters {
            throw ValidationError(
                "--expect does not go together with --metrics or --counters: both say how many calls.")
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

    /// The logs that were named, each once, without results of an earlier day among them.
    private func chosenLogs() throws -> [LogFile] {
        var known: Set<FileIdentity> = []
        let paths = files.filter { path in
            let file = LogFile(path: path)
            if file.isResultsFile {
                StandardError.say("\(path) is a results file and no log: left out")
                return false
            }
            guard let identity = file.identity, !known.insert(identity).inserted else { return true }
            StandardError.say("\(path) is named twice, or is a link to another of the logs: it counts once")
            return false
        }
        guard !paths.isEmpty else { throw AnalyzerFault(.input, "no log is left: name the pods' logs with --files") }
        return LogFile.named(paths)
    }

    private func ask() async throws {
        do {
            let dialogue = Dialogue()
            let cluster = try await dialogue.chooseContext(source.context)
            let deployment = try await dialogue.chooseDeployment(in: cluster)
            let path = try path ?? dialogue.choosePath()
            var command = self
            command.path = path
            let logs = try await command.analyze(deployment, in: cluster)
            try dialogue.search(RequestSearch(logs))
        } catch is EndOfInput {
            StandardError.say("\nEnd of input: nothing more to do.")
        }
    }

    @discardableResult
    private func analyze(_ deployment: Cluster.Deployment, in cluster: Cluster) async throws -> [LogFile] {
        // What cannot be written is known before an hour of recording, not after it.
        _ = try outputs(for: deployment.name, reading: [])
        let brought = try await source.bring(deployment, from: cluster, to: output)
        let expected = try brought.expectedCalls ?? expectedCalls()
        try await finish(
            brought.files.logs, names: (deployment.name, deployment.namespace), expected: expected,
            gaps: brought.files.gaps)
        return brought.files.logs
    }

    private func expectedCalls() throws -> Analysis.ExpectedCalls? {
        if let expect { return .init(calls: expect, source: "--expect") }
        return metrics.isEmpty ? nil : try ServerCounters.expectedCalls(fromFiles: metrics)
    }

    private func outputs(for deployment: String, reading logs: [LogFile]) throws -> AnalysisOutputs {
        try AnalysisOutputs(
            deployment: deployment, folder: output, html: html, sqlite: sqlite,
            inputs: logs + metrics.map(LogFile.init(path:)))
    }

    private func finish(
        _ logs: [LogFile], names: (deployment: String?, namespace: String?), expected: Analysis.ExpectedCalls?,
        gaps: [String]
    ) async throws {
        let deployment = names.deployment ?? Analysis.deployment(of: logs)
        let outputs = try outputs(for: deployment, reading: logs)
        let pods = try await Analysis.read(logs, onlyPath: path?.onlyPath, into: outputs.database) { pod in
            StandardError.say(pod.summary)
        }
        let analysis = Analysis(
            deployment: deployment, namespace: names.namespace ?? "n/a", pods: pods, expectedCalls: expected,
            gaps: gaps)
        let text = ResultsFile(analysis).text
        let file = try outputs.write(analysis, text: text)
        try StandardOutput.write(json ? try AnalysisJSON(analysis).data() : Data(text.utf8))
        StandardError.say("Results in \(file)")
        // After a dialogue, request ids can still be searched.
        if analysis.completeness != nil, !isAsking { throw ExitCode(65) }
    }
}

extension FileManager {
    /// Makes a folder unless it is there.
    fileprivate func createFolder(_ path: String) throws {
        do {
            try createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw AnalyzerFault(.output, "the folder \(path) cannot be made: \(error.localizedDescription)")
        }
    }
}
