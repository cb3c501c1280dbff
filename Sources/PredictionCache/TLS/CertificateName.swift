/// A DNS name of a certificate; its leftmost label may be `*` (RFC 9525, section 6.3).
struct CertificateName {
    private let labels: [String]

    init(_ text: String) { labels = Self.labels(text) }

    /// Whether it matches the host; the case of letters and a dot at the end are ignored.
    func matches(_ host: String) -> Bool {
        let host = Self.labels(host)
        guard labels.count == host.count, labels.count > 1 || labels.first != "*" else { return false }
        return (labels.first == "*" || labels.first == host.first) && labels.dropFirst() == host.dropFirst()
    }

    private static func labels(_ name: String) -> [String] {
        var labels = name.split(separator: ".", omittingEmptySubsequences: false).map { $0.lowercased() }
        if labels.count > 1, labels.last == "" { labels.removeLast() }
        return labels
    }
}
