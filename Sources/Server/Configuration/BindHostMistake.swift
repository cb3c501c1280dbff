import Bytes

/// A `BIND_HOST` that is more than a host: it has other parts of a URL around it.
enum BindHostMistake {
    /// Completes "is not allowed: use …" with the host alone, what to leave out, and where the port belongs; nil if the
    /// host has nothing around it.
    static func advice(for text: String) -> String? {
        var surplus: [String] = []
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") {
            surplus.append(String(rest[..<scheme.upperBound]))
            rest = rest[scheme.upperBound...]
        }
        if let slash = rest.firstIndex(of: "/") {
            surplus.append(rest[slash...] == "/" ? "a slash" : "the path \(rest[slash...])")
            rest = rest[..<slash]
        }
        var port: Substring?
        if rest.hasPrefix("["), let bracket = rest.lastIndex(of: "]") {
            surplus.append("brackets")
            let tail = rest[rest.index(after: bracket)...]
            if tail.hasPrefix(":") { port = tail.dropFirst() }
            rest = rest[rest.index(after: rest.startIndex)..<bracket]
        } else if let colon = rest.firstIndex(of: ":"), rest.lastIndex(of: ":") == colon {
            port = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
        }
        guard !surplus.isEmpty || port != nil else { return nil }
        let host = rest.isEmpty ? "* for all addresses" : String(rest)
        let without = surplus.isEmpty ? "" : " without \(surplus.joined(separator: " and "))"
        let place = port.map { $0.isEmpty ? "; the port goes into PORT" : "; the port goes into PORT=\($0)" } ?? ""
        return (host + without + place).printable()
    }
}
