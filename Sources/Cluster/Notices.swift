import Synchronization

/// Reports events, each sentence once until it no longer holds: an unavailable API server is one line for twenty pods.
final class Notices: Sendable {
    private let troubles = Mutex<Set<String>>([])
    private let warnings = Mutex<Set<String>>([])
    private let onProgress: @Sendable (String) -> Void

    init(_ onProgress: @escaping @Sendable (String) -> Void) { self.onProgress = onProgress }

    /// Reports a step.
    func say(_ line: String) { onProgress(line) }

    /// Reports a temporary problem, unless it has been reported.
    func complain(_ sentence: String) {
        if troubles.withLock({ $0.insert(sentence).inserted }) { onProgress(sentence) }
    }

    /// Reports a permanent problem, unless it has been reported.
    func warn(_ sentence: String) {
        if warnings.withLock({ $0.insert(sentence).inserted }) { onProgress("Warning: \(sentence)") }
    }

    /// Reports once that the API server responds again.
    func recovered() {
        let wasWrong = troubles.withLock { troubles in
            defer { troubles.removeAll() }
            return !troubles.isEmpty
        }
        if wasWrong { onProgress("the API server responds again") }
    }
}

extension Sequence<(pod: String, reason: String)> {
    /// One sentence for each reason, with the pods that it applies to.
    func sentences(_ words: (_ pods: String, _ reason: String) -> String) -> [String] {
        var reasons: [String] = []
        var pods: [String: [String]] = [:]
        for (pod, reason) in self {
            if pods[reason] == nil { reasons.append(reason) }
            pods[reason, default: []].append(pod)
        }
        return reasons.map { reason in
            let names = pods[reason] ?? []
            let rest = names.count > 3 ? " and \(names.count - 2) more" : ""
            return words(names.prefix(rest.isEmpty ? 3 : 2).joined(separator: ", ") + rest, reason)
        }
    }
}
