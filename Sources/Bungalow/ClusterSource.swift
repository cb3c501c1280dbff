import ArgumentParser
import Cluster
import Dispatch
import Files
import Foundation
import LatencyAnalyzer
import ScoringLog

/// The options for which pods' logs to download, and how.
struct ClusterSource: ParsableArguments {
    @Option(help: "The kubectl context; the current one if none is named.") var context: String?

    @Option(help: "The deployment's namespace; with --files, the name in the results.") var namespace: String?

    @Option(help: "The deployment; with --files, the name in the results.") var deployment: String?

    @Option(help: ArgumentHelp("Only lines newer than this, such as 10m.", valueName: "time")) var since: String?

    @Option(help: ArgumentHelp("At most this many lines from the end of each log.", valueName: "lines")) var tail: Int?

    @Flag(help: "The logs of the containers before their last restart.") var previous = false

    @Flag(help: "Record everything logged from now on, for --duration; Ctrl-C ends it early.") var follow = false

    @Option(help: ArgumentHelp("How long --follow records.", valueName: "seconds")) var duration: Int?

    @Option(help: ArgumentHelp("How long a download may stall before it counts as failed.", valueName: "seconds"))
    var silence = 60

    @Flag(help: "Read the expected number of requests from each pod's /metrics (API server).") var counters = false

    func validate() throws {
        if follow != (duration != nil) { throw ValidationError("--follow and --duration must be used together.") }
        if let duration, !(1...Self.maximumSeconds ~= duration) {
            throw ValidationError("--duration \(duration) is not allowed: use 1 to \(Self.maximumSeconds) seconds.")
        }
        guard 1...Self.maximumSeconds ~= silence else {
            throw ValidationError("--silence \(silence) is not allowed: use 1 to \(Self.maximumSeconds) seconds.")
        }
        if let since, !Self.isDuration(since) {
            throw ValidationError(
                "--since \(since) is not a duration: use hours, minutes and seconds, such as 10s, 5m or 1h30m.")
        }
        for (option, name) in [("--deployment", deployment), ("--namespace", namespace)] {
            if let name, name.isEmpty || name.contains("/") {
                throw ValidationError("\(option) '\(name)' is not a name: it must not be empty or contain a slash.")
            }
        }
        if let tail, tail < 0 {
            throw ValidationError("--tail \(tail) is not allowed: use a number of lines from 0 on.")
        }
        if since != nil || tail != nil || previous, follow || counters {
            throw ValidationError("--since, --tail and --previous cannot be combined with --follow or --counters.")
        }
    }

    /// A year.
    static let maximumSeconds = 31_536_000

    /// Whether kubectl accepts it (Go's syntax) and it is more than zero, which kubectl treats as no limit.
    private static func isDuration(_ text: String) -> Bool {
        text.wholeMatch(of: #/([0-9]{1,9}(\.[0-9]{1,9})?(h|ms|m|s))+/#) != nil && text.contains(#/[1-9]/#)
    }

    /// The cluster of the context.
    var cluster: Cluster { Cluster(context: context) }

    /// The first option given that needs a cluster.
    var firstOptionOfACluster: String? {
        let options = [
            ("--context", context != nil), ("--since", since != nil), ("--tail", tail != nil), ("--previous", previous),
            ("--follow", follow), ("--counters", counters),
        ]
        return options.first(where: \.1)?.0
    }

    /// The deployment that was named.
    func chosenDeployment() async throws -> Cluster.Deployment {
        try await cluster.deployment(deployment ?? "", namespace: namespace ?? "default")
    }

    /// Downloads or records the logs of a deployment's pods into files.
    func collect(
        _ deployment: Cluster.Deployment, from cluster: Cluster, to folder: String
    ) async throws -> CollectedLogs {
        let newCounter: @Sendable () -> any RequestCounter = { ScoringLogRequestCounter() }
        if follow, let duration {
            let recorder = LogRecorder(
                of: deployment, in: cluster, to: folder, hasCounters: counters, newCounter: newCounter,
                onProgress: StandardError.say)
            return try await untilInterrupted { try await recorder.record(for: .seconds(duration)) }
        }
        let pods = try await cluster.pods(of: deployment)
        guard !pods.isEmpty else {
            throw OperatorError(.cluster, "deployment \(deployment.name) in \(deployment.namespace) has no pods")
        }
        let download = LogDownload(
            from: cluster, to: folder, silence: .seconds(silence), hasCounters: counters, newCounter: newCounter,
            onProgress: StandardError.say)
        return try await download.download(pods, part: .init(since: since, tail: tail, isPrevious: previous))
    }
}

/// Finds requests in a scoring log, as the analyzer does.
private struct ScoringLogRequestCounter: RequestCounter {
    private var parser = ScoringLogParser()

    mutating func read(_ line: UnsafeRawBufferPointer) -> LogLineRole {
        let before = parser.counts
        parser.read(line) { _ in }
        if parser.counts.requests > before.requests { return .beginsRequest }
        return parser.counts.headlessLines > before.headlessLines ? .headless : .other
    }
}

extension CollectedLogs {
    /// How many requests there should be; nil if no counters were read.
    var expectedCalls: Analysis.ExpectedCalls? {
        guard let expected else { return nil }
        let isExact = tolerance == 0 || isExpectedLeast
        let within = isExact ? "" : ", to within \(tolerance), since they were read under load"
        return .init(calls: expected, source: "the servers' counters" + within, isLeast: isExpectedLeast)
    }

    /// The logs, as the analyzer reads them.
    var files: [LogFile] {
        logs.map { log in
            let file = LogFile(path: log.path)
            return log.isMissing ? file.missing : file
        }
    }
}

extension Analysis.ExpectedCalls {
    /// What servers counted.
    init(counted calls: Int) { self.init(calls: calls, source: "the servers' counters") }
}

/// Runs work that Ctrl-C or SIGTERM ends early; it then returns what it has so far.
func untilInterrupted<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let task = Task { try await work() }
    let sources = [SIGINT, SIGTERM].map { signal in
        // Dispatch observes a signal but does not replace its default action, which would end the program.
        Foundation.signal(signal, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
        source.setEventHandler { task.cancel() }
        source.activate()
        return source
    }
    defer { for source in sources { source.cancel() } }
    return try await task.value
}
