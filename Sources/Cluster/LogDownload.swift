import Bytes
import Files
import Foundation

/// Downloads everything that pods have logged so far into files, `<pod>.txt` each.
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

    // A container's start is in whole seconds, and a program needs a moment before it logs its first line.
    private static let startTolerance: TimeInterval = 10
    private static let maximumDownloadsAtOnce = 16

    let cluster: Cluster
    let folder: String
    let silence: Duration
    let hasCounters: Bool
    let newCounter: @Sendable () -> any RequestCounter
    let onProgress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - folder: where the files go; it must exist. An older file is replaced only once its new log has arrived.
    ///   - silence: how long a download may stall before it counts as failed.
    ///   - hasCounters: whether to ask each pod how many requests it has counted.
    ///   - newCounter: makes what finds the requests in a log.
    ///   - onProgress: called with one line for each step.
    public init(
        from cluster: Cluster, to folder: String, silence: Duration, hasCounters: Bool,
        newCounter: @escaping @Sendable () -> any RequestCounter, onProgress: @escaping @Sendable (String) -> Void
    ) {
        self.cluster = cluster
        self.folder = folder
        self.silence = silence
        self.hasCounters = hasCounters
        self.newCounter = newCounter
        self.onProgress = onProgress
    }

    /// Downloads the logs so far, many at once.
    ///
    /// - Throws: `OperatorError` if kubectl is missing or a file cannot be written. A pod whose log cannot be downloaded
    ///   is a gap.
    public func download(_ pods: [Cluster.Pod], part: Part) async throws -> CollectedLogs {
        let found = try await withThrowingTaskGroup(of: (Int, [CollectedLogs.Log]).self) { group in
            var waiting = pods.enumerated().makeIterator()
            let addNext = { (group: inout ThrowingTaskGroup<(Int, [CollectedLogs.Log]), any Error>) in
                guard let (index, pod) = waiting.next() else { return }
                group.addTask { (index, try await download(pod, part: part)) }
            }
            for _ in 0..<Self.maximumDownloadsAtOnce { addNext(&group) }
            var found: [(Int, [CollectedLogs.Log])] = []
            while let one = try await group.next() {
                found.append(one)
                for log in one.1 {
                    onProgress("\(Self.name(of: log)): \(size(of: log)) (\(found.count) of \(pods.count))")
                }
                addNext(&group)
            }
            return found.sorted { $0.0 < $1.0 }
        }
        return CollectedLogs(found.flatMap(\.1), hasCounters: hasCounters)
    }

    private func download(_ pod: Cluster.Pod, part: Part) async throws -> [CollectedLogs.Log] {
        var arguments = cluster.logArguments(of: pod)
        if let since = part.since { arguments.append("--since=\(since)") }
        if let tail = part.tail { arguments.append("--tail=\(tail)") }
        if part.isPrevious { arguments.append("--previous") }
        let earlier = part.isWhole && pod.restarts > 0 ? try await downloadEarlier(of: pod) : nil
        let lateness = part.isWhole ? try await lateness(of: pod) : nil
        var ledger = RequestLedger(isWhole: true)
        let first = hasCounters ? try await counters(of: pod, &ledger) : nil
        var (log, outcome) = try await fetch(arguments, of: pod, suffix: part.isPrevious ? ".previous" : "")
        if !outcome.isSuccess { log.gaps.append("the log could not be downloaded: \(outcome.message)") }
        if let lateness, outcome.isSuccess { log.gaps.append(lateness) }
        if part.isWhole, outcome.isSuccess, pod.start != nil, Self.byteCount(at: log.path) == 0 {
            log.gaps.append("the log is empty: the node has begun a new file, and the lines before are gone")
        }
        if let first, let second = try await counters(of: pod, &ledger) {
            log.requests = log.isMissing ? 0 : try count(log.path)
            _ = ledger.settle(first: first.calls, recorded: log.requests, second: second.calls)
        } else if hasCounters, !log.isMissing {
            log.requests = try count(log.path)
        }
        log.ledger = ledger
        if earlier == nil, part.isWhole, pod.restarts > 0 {
            log.gaps.append("the log before its container's restart could not be downloaded")
        }
        if part.isWhole, pod.restarts > 1 {
            let count = pod.restarts - 1
            log.gaps.append("the logs of \(count) earlier \(count == 1 ? "start" : "starts") of its container are gone")
        }
        if hasCounters, pod.restarts > 0 {
            log.doubts.append("its container was started again, and what it had counted before is lost")
        }
        return [earlier, log].compactMap(\.self)
    }

    /// The log of the container before its last restart; nil if it is not there.
    private func downloadEarlier(of pod: Cluster.Pod) async throws -> CollectedLogs.Log? {
        var (log, outcome) = try await fetch(
            cluster.logArguments(of: pod) + ["--previous"], of: pod, suffix: ".previous")
        guard outcome.isSuccess else { return nil }
        if hasCounters { log.requests = try count(log.path) }
        return log
    }

    private func counters(of pod: Cluster.Pod, _ ledger: inout RequestLedger) async throws -> ServerCounters? {
        do {
            return try await cluster.counters(of: pod)
        } catch let error as OperatorError {
            ledger.failure = error.description
            return nil
        }
    }

    private func count(_ path: String) throws -> Int {
        var (counter, requests, open) = (newCounter(), 0, [UInt8]())
        try TextFile(path: path).forEachPiece { piece in
            open += piece
            var rest = open[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                if rest[...end].withUnsafeBytes({ counter.read($0) }) == .beginsRequest { requests += 1 }
                rest = rest[(end + 1)...]
            }
            open = Array(rest)
        }
        return requests
    }

    /// Runs kubectl and writes its output to the pod's file.
    ///
    /// - Returns: the log and how kubectl ended.
    private func fetch(
        _ arguments: [String], of pod: Cluster.Pod, suffix: String
    ) async throws -> (CollectedLogs.Log, Kubectl.Outcome) {
        // A name from the server must not be used as a path.
        let name = "\(pod.name)\(suffix).txt".replacing("/", with: "_")
        let path = URL(filePath: folder).appending(path: name).path
        let draft = try OutputFile(path: path).draft(mode: 0o640)
        do {
            let outcome = try await cluster.kubectl.write(
                arguments, to: draft.descriptor, at: draft.path, silence: silence)
            // An older complete download is worth more than half a new one.
            guard outcome.isSuccess else {
                draft.discard()
                return (CollectedLogs.Log(path: path, isMissing: true, pod: pod.name), outcome)
            }
            do { try draft.keep() } catch { throw OperatorError(.output, "\(path) cannot be written: \(error)") }
            return (CollectedLogs.Log(path: path, pod: pod.name), outcome)
        } catch {
            draft.discard()
            throw error
        }
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
                cluster.logArguments(of: pod) + ["--timestamps", "--limit-bytes=36", "--request-timeout=20s"]),
            let time = String(decoding: bytes, as: UTF8.self).prefixMatch(of: #/[0-9-]{10}T[0-9:]{8}/#),
            let first = try? Date("\(time.0)Z", strategy: .iso8601),
            first.timeIntervalSince(start) > Self.startTolerance
        else { return nil }
        let seconds = Int(first.timeIntervalSince(start))
        return "the log begins \(seconds) s after its container's start; the lines before are gone"
    }

    private static func name(of log: CollectedLogs.Log) -> String { URL(filePath: log.path).lastPathComponent }

    private func size(of log: CollectedLogs.Log) -> String {
        if log.isMissing { return "could not be downloaded" }
        return "\((Double(Self.byteCount(at: log.path)) / 1_000_000).decimal(digits: 1)) MB"
    }
}
