import Foundation

/// The files of one container's log, in the order of time: files that a node or Docker has rotated come first.
struct LogSet {
    /// The oldest first.
    let paths: [String]
    /// The pod that the path names; nil if only the file's name does.
    let pod: String?

    /// For each file, a sentence if files between it and the one before are missing.
    let gaps: [String?]

    /// A log of one file.
    init(path: String) { self.init(paths: [path]) }

    private init(paths: [String]) {
        self.paths = paths
        let names = paths.map { URL(filePath: $0).lastPathComponent }
        gaps = [nil] + zip(names, names.dropFirst()).map(Self.gap)
        pod = paths.last.flatMap(Self.pod(ofPath:))
    }

    /// Groups the files that continue each other; the others are logs of their own.
    static func grouped(_ paths: [String]) -> [LogSet] {
        var keys: [String] = []
        var members: [String: [(rank: [String], path: String)]] = [:]
        for path in paths {
            let (key, rank) = place(of: path)
            if members[key] == nil { keys.append(key) }
            members[key, default: []].append((rank, path))
        }
        return keys.map { key in
            let sorted = (members[key] ?? []).sorted { $0.rank.lexicographicallyPrecedes($1.rank) }
            return LogSet(paths: sorted.map(\.path))
        }
    }

    /// The log that a file belongs to, and its place among that log's files.
    ///
    /// Kubernetes: `0.log.20261121-112800.gz`, `0.log.20261121-113000`, `0.log`, and after a restart `1.log`. Docker and
    /// logrotate: `x.log.2.gz`, `x.log.1`, `x.log`.
    private static func place(of path: String) -> (key: String, rank: [String]) {
        let url = URL(filePath: path)
        let (folder, name) = (path.dropLast(url.lastPathComponent.count), url.lastPathComponent)
        if let match = name.wholeMatch(of: #/([0-9]+)\.log(?:\.([0-9]{8}-[0-9]{6})(?:\.gz)?)?/#) {
            return ("\(folder)N.log", [padded(String(match.1)), match.2.map(String.init) ?? "~"])
        }
        if let match = name.wholeMatch(of: #/(.+\.(?:log|txt))\.([0-9]{1,4})(?:\.gz)?/#) {
            return ("\(folder)\(match.1)", [padded("\(9999 - (Int(match.2) ?? 0))")])
        }
        // Both exist if gzip kept its input: what they share counts once.
        if let match = name.wholeMatch(of: #/(.+\.(?:log|txt))(\.gz)?/#) {
            return ("\(folder)\(match.1)", match.2 == nil ? ["~"] : ["}"])
        }
        return (path, [])
    }

    /// Restarts count up, as in `0.log` and `1.log`, and rotated files down, as in `x.log.2`, `x.log.1` and `x.log`.
    private static func gap(from older: String, to newer: String) -> String? {
        guard let (base, first) = number(of: older), let (_, last) = number(of: newer), abs(last - first) > 1 else {
            return nil
        }
        let next = first < last ? first + 1 : first - 1
        let missing = base.isEmpty ? "\(next).log" : "\(base).\(next)"
        let others = abs(last - first) - 2
        let rest = others > 0 ? " and \(others) more" : ""
        return "between \(older) and \(newer) \(missing)\(rest) is missing: name all files of the log"
    }

    private static func number(of name: String) -> (base: String, number: Int)? {
        if let match = name.wholeMatch(of: #/([0-9]{1,9})\.log(?:\.[0-9]{8}-[0-9]{6}(?:\.gz)?)?/#) {
            return Int(match.1).map { ("", $0) }
        }
        if let match = name.wholeMatch(of: #/(.+\.(?:log|txt))\.([0-9]{1,4})(?:\.gz)?/#) {
            return Int(match.2).map { (String(match.1), $0) }
        }
        return name.wholeMatch(of: #/(.+\.(?:log|txt))(?:\.gz)?/#).map { (String($0.1), 0) }
    }

    private static func padded(_ digits: String) -> String {
        String(repeating: "0", count: max(12 - digits.count, 0)) + digits
    }

    /// The pod in a node's path: `…/NAMESPACE_POD_UID/CONTAINER/0.log`, `POD_NAMESPACE_CONTAINER-<64 digits>.log`.
    private static func pod(ofPath path: String) -> String? {
        let components = URL(filePath: path).pathComponents.suffix(3)
        if components.count == 3, components.last?.contains(#/^[0-9]+\.log/#) == true {
            let parts = (components.first ?? "").split(separator: "_")
            if parts.count == 3 { return String(parts[1]) }
        }
        let match = components.last?.wholeMatch(of: #/([a-z0-9.-]+)_[a-z0-9-]+_[a-z0-9-]+-[0-9a-f]{64}\.log/#)
        return match.map { String($0.1) }
    }
}
