import Bytes
import ScoringLog

/// Finds the pod of each line.
extension LogReader {
    /// The number of the source with these bytes before its lines; -1 if there are too many.
    @inline(__always)
    mutating func source(_ key: UnsafeRawBufferPointer) -> Int {
        if latest >= 0, sources[latest].key.withUnsafeBytes({ $0.equals(key) }) { return latest }
        return otherSource(key)
    }

    private mutating func otherSource(_ key: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in key { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        if let number = numbers[hash], sources[number].key.withUnsafeBytes({ $0.equals(key) }) {
            latest = number
            return number
        }
        guard sources.count < Self.maximumSourceCount, let format else { return -1 }
        let (pod, container) = name(of: key)
        sources.append(
            Source(
                key: Array(key), pod: number(ofPod: pod, container), container: container,
                parser: ScoringLogParser(only: onlyPath, layout: format.layout)))
        numbers[hash] = sources.count - 1
        latest = sources.count - 1
        return latest
    }

    /// Takes note of a line without a prefix, which may be of any pod: it came between the pods' lines.
    mutating func breakBlocks(_ line: UnsafeRawBufferPointer) {
        for index in sources.indices { sources[index].parser.readOther(line) }
    }

    /// Whether a key comes from a prefix or a column, and not from lines without one.
    static func namesPod(_ key: some Collection<UInt8>) -> Bool { key.first ?? 0 > 1 }

    /// The pod and the container that a prefix names.
    private func name(of key: UnsafeRawBufferPointer) -> (pod: String, container: String?) {
        guard let format, Self.namesPod(key) else { return (ownName, nil) }
        let text = String(decoding: key, as: UTF8.self).replacing(#/\u{1B}\[[0-9;]*m/#, with: "")
        switch format.container {
        case .prefixed(.kubectl):
            let words = text.split(separator: "/", maxSplits: 1).map(String.init)
            return (words.first ?? text, words.dropFirst().first)
        case .prefixed(.stern):
            let words = text.split(separator: " ").suffix(2).map(String.init)
            return (words.first ?? text, words.last)
        case .prefixed(.compose):
            return (text, text.replacing(#/[-_.][0-9]+$/#, with: ""))
        case .objects, .table: return stamp(of: key) ? (ownName, nil) : (text, nil)
        case .prefixed(.cri), .lines: return (ownName, nil)
        }
    }

    /// Whether a key is a process of Azure ML's server, not a pod.
    private func stamp(of key: UnsafeRawBufferPointer) -> Bool {
        format?.stamp.azureML == .today && key.decimal != nil
    }

    private mutating func number(ofPod pod: String, _ container: String?) -> Int {
        var name = pod
        let others = sources.filter { pods[$0.pod] == pod && $0.container != container }
        if !others.isEmpty, let container { name = "\(pod)/\(container)" }
        if let number = pods.firstIndex(of: name) { return number }
        pods.append(name)
        return pods.count - 1
    }
}
