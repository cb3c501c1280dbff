import Bytes
import Files
import Foundation

/// Downloads pods' logs to files, `<pod>.txt` each: what was logged so far, or what is logged while a test runs.
public struct LogDownload: Sendable {
    /// Which part of a log to download.
    public struct Part: Sendable {
        /// Only lines newer than this, in kubectl's syntax: `10m`.
        public var since: String?
        /// At most this many lines from the end.
        public var tail: Int?
        /// The log of the container before its last restart.
        public var isPrevious: Bool

        /// The whole log by default.
        public init(since: String? = nil, tail: Int? = nil, isPrevious: Bool = false) {
            self.since = since
            self.tail = tail
            self.isPrevious = isPrevious
        }

        var isWhole: Bool { since == nil && tail == nil && !isPrevious }
    }

    /// One pod's log.
    public struct Log: Sendable {
        /// The file, `<pod>.txt`.
        public let path: String
        /// Whether nothing came: whatever the file holds is from an earlier download.
        public let isMissing: Bool
        let pod: String

        var name: String { URL(filePath: path).lastPathComponent }
    }

    /// What was downloaded.
    public struct Files: Sendable {
        /// One for each pod, in the order of their names.
        public internal(set) var logs: [Log] = []
        /// What is known to be missing, one sentence each.
        public var gaps: [String] = []
    }

    // A container's start is in whole seconds, and a program needs a moment before it logs its first line.
    private static let startTolerance: TimeInterval = 10
    private static let maximumDownloadsAtOnce = 16
    private static let recordingPollSeconds = 2

    let cluster: Cluster
    let folder: String
    let silence: Duration
    let onProgress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - folder: where the files go; it must exist. An older file is replaced only once its new log has arrived.
    ///   - silence: how long a download may stall before it counts as failed.
    ///   - onProgress: called with one line for each step.
    public init(
        from cluster: Cluster, to folder: String, silence: Duration,
        onProgress: @escaping @Sendable (String) -> Void
    ) {
        self.cluster = cluster
        self.folder = folder
        self.silence = silence
        self.onProgress = onProgress
    }

    /// Downloads the logs so far, many at once.
    ///
    /// - Throws: `OperatorError` if kubectl is missing or a file cannot be written. A pod whose log cannot be downloaded
    ///   is a gap.
    public func download(_ pods: [Cluster.Pod], part: Part) async throws -> Files {
        let found = try await withThrowingTaskGroup(of: (Int, Log, [String]).self) { group in
            var waiting = pods.enumerated().makeIterator()
            let addNext = { (group: inout ThrowingTaskGroup<(Int, Log, [String]), any Error>) in
                guard let (index, pod) = waiting.next() else { return }
                group.addTask {
                    let (file, gaps) = try await download(pod, part: part)
                    return (index, file, gaps)
                }
            }
            for _ in 0..<Self.maximumDownloadsAtOnce { addNext(&group) }
            var found: [(Int, Log, [String])] = []
            while let one = try await group.next() {
                found.append(one)
                onProgress("\(one.1.name): \(size(of: one.1)) (\(found.count) of \(pods.count))")
                addNext(&group)
            }
            return found.sorted { $0.0 < $1.0 }
        }
        return Files(logs: found.map(\.1), gaps: found.flatMap(\.2))
    }

    /// Records what the pods log from now on, new pods included, until the task is cancelled or the time is up.
    ///
    /// - Throws: `OperatorError` if the pods cannot be listed or a file cannot be written.
    public func record(_ deployment: Cluster.Deployment, for duration: Duration) async throws -> Files {
        let end = ContinuousClock.now + duration
        return try await withThrowingTaskGroup(of: (Log, [String]).self) { group in
            var known: Set<String> = []
            var isFirst = true
            while ContinuousClock.now < end, !Task.isCancelled {
                for pod in try await newPods(of: deployment, known: &known, isFirst: isFirst) {
                    // A pod that starts later is recorded from its beginning.
                    let tail = isFirst ? ["--tail=0"] : []
                    group.addTask { try await follow(pod, arguments: tail, until: end) }
                }
                isFirst = false
                let pause = min(ContinuousClock.now + .seconds(Self.recordingPollSeconds), end)
                try? await Task.sleep(until: pause, clock: .continuous)
            }
            group.cancelAll()
            var files = Files()
            for try await (file, gaps) in group {
                files.logs.append(file)
                files.gaps += gaps
            }
            files.logs.sort { $0.pod < $1.pod }
            return files
        }
    }

    private func newPods(
        of deployment: Cluster.Deployment, known: inout Set<String>, isFirst: Bool
    ) async throws -> [Cluster.Pod] {
        do {
            let pods = try await cluster.pods(of: deployment).filter { $0.start != nil && !known.contains($0.name) }
            known.formUnion(pods.map(\.name))
            for pod in pods { onProgress("recording \(pod.name)") }
            return pods
        } catch let error as OperatorError where !isFirst {
            onProgress(error.description)
            return []
        }
    }

    private func follow(
        _ pod: Cluster.Pod, arguments: [String], until end: ContinuousClock.Instant
    ) async throws -> (Log, [String]) {
        let begin = ContinuousClock.now
        let (file, outcome) = try await fetch(
            logs(of: pod) + ["--follow"] + arguments, of: pod, suffix: "", silence: nil)
        guard let outcome, !Task.isCancelled, ContinuousClock.now < end else { return (file, []) }
        let seconds = (ContinuousClock.now - begin).components.seconds
        let reason = outcome.isSuccess ? "" : " (\(outcome.message))"
        return (file, ["the log of \(pod.name) ended after \(seconds) s\(reason)"])
    }

    private func download(_ pod: Cluster.Pod, part: Part) async throws -> (Log, [String]) {
        var arguments = logs(of: pod)
        if let since = part.since { arguments.append("--since=\(since)") }
        if let tail = part.tail { arguments.append("--tail=\(tail)") }
        if part.isPrevious { arguments.append("--previous") }
        let lateness = part.isWhole ? try await lateness(of: pod) : nil
        let (file, outcome) = try await fetch(
            arguments, of: pod, suffix: part.isPrevious ? ".previous" : "", silence: silence)
        var gaps = [lateness].compactMap(\.self)
        if let outcome, !outcome.isSuccess {
            gaps.append("the log of \(pod.name) could not be downloaded: \(outcome.message)")
        }
        return (file, gaps)
    }

    /// Runs kubectl and writes its output to the pod's file.
    ///
    /// - Returns: the log and how kubectl ended; nil if the task was cancelled.
    private func fetch(
        _ arguments: [String], of pod: Cluster.Pod, suffix: String, silence: Duration?
    ) async throws -> (Log, Kubectl.Outcome?) {
        // A name from a server must not act as a path.
        let name = "\(pod.name)\(suffix).txt".replacing("/", with: "_")
        let path = URL(filePath: folder).appending(path: name).path
        let draft = try OutputFile(path: path).draft(mode: 0o640)
        var outcome: Kubectl.Outcome?
        do {
            outcome = try await cluster.kubectl.write(arguments, to: draft.descriptor, at: draft.path, silence: silence)
        } catch is CancellationError {
        } catch {
            draft.discard()
            throw error
        }
        // An interrupted recording is kept; half a download is worth less than an older whole one.
        let isKept = outcome?.isSuccess ?? true || silence == nil && Self.byteCount(at: draft.path) > 0
        guard isKept else {
            draft.discard()
            return (Log(path: path, isMissing: true, pod: pod.name), outcome)
        }
        do { try draft.keep() } catch { throw OperatorError(.output, "\(path) cannot be written: \(error)") }
        return (Log(path: path, isMissing: false, pod: pod.name), outcome)
    }

    private static func byteCount(at path: String?) -> Int {
        let attributes = path.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
        return attributes?[.size] as? Int ?? 0
    }

    /// Reports a log that begins long after its container's start: the node has dropped the older lines.
    private func lateness(of pod: Cluster.Pod) async throws -> String? {
        guard let start = pod.start,
            // Only the first line's time, which kubectl prefixes.
            let bytes = try? await cluster.kubectl.read(
                logs(of: pod) + ["--timestamps", "--limit-bytes=36", "--request-timeout=20s"]),
            let time = String(decoding: bytes, as: UTF8.self).prefixMatch(of: #/[0-9-]{10}T[0-9:]{8}/#),
            let first = try? Date("\(time.0)Z", strategy: .iso8601),
            first.timeIntervalSince(start) > Self.startTolerance
        else { return nil }
        let seconds = Int(first.timeIntervalSince(start))
        return "the log of \(pod.name) begins \(seconds) s after its container's start; the lines before are gone"
    }

    private func logs(of pod: Cluster.Pod) -> [String] {
        ["logs", pod.name, "--namespace", pod.namespace, "--container", pod.container]
    }

    private func size(of log: Log) -> String {
        if log.isMissing { return "could not be downloaded" }
        return "\((Double(Self.byteCount(at: log.path)) / 1_000_000).decimal(digits: 1)) MB"
    }
}
