/// The two formats of `/metrics`, and how a scraper chooses one (RFC 9110, section 12.5.1).
enum MetricsFormat: String {
    /// Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
    case text
    /// OpenMetrics (https://prometheus.io/docs/specs/om/open_metrics_spec/), which has exemplars.
    case openMetrics

    var contentType: StaticString {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    private var mediaType: (type: String, subtype: String, version: String) {
        switch self {
        case .text: ("text", "plain", "0.0.4")
        case .openMetrics: ("application", "openmetrics-text", "1.0.0")
        }
    }

    /// OpenMetrics for a scraper that names it and prefers it at least equally. Otherwise the text format, even for a
    /// scraper that accepts neither: every scraper can read it.
    ///
    /// - Parameter accept: the list of an `Accept` header.
    init(accept: String?) {
        let ranges = accept?.split(separator: ",").compactMap { MediaRange($0) } ?? []
        let (text, openMetrics) = (Self.text.preference(in: ranges), Self.openMetrics.preference(in: ranges))
        let isNamed = openMetrics.specificity >= MediaRange.named
        self = isNamed && openMetrics.quality > 0 && openMetrics.quality >= text.quality ? .openMetrics : .text
    }

    /// The quality that the most specific matching range gives it; 0 if none matches.
    private func preference(in ranges: [MediaRange]) -> (specificity: Int, quality: Int) {
        var best = (specificity: -1, quality: 0)
        for range in ranges {
            guard let specificity = range.specificity(for: mediaType), specificity >= best.specificity else { continue }
            // Of two equally specific ranges the better one counts.
            let quality = specificity == best.specificity ? max(best.quality, range.quality) : range.quality
            best = (specificity, quality)
        }
        return best
    }
}

/// One range of an `Accept` header: `type/subtype;version=…;q=…`.
private struct MediaRange {
    private let type: String
    private let subtype: String
    private var version: String?
    /// In thousandths.
    private(set) var quality = 1000

    /// The specificity of a range that names type and subtype.
    static let named = 2

    /// nil if it is not a range; other parameters, such as Prometheus' `escaping`, change nothing.
    init?(_ text: Substring) {
        var parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed).makeIterator()
        let names = (parts.next() ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2 else { return nil }
        (type, subtype) = (names[0].lowercased(), names[1].lowercased())
        while let part = parts.next() {
            let pair = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "version": version = pair[1].filter { $0 != "\"" }
            case "q":
                guard let quality = Self.thousandths(pair[1]) else { return nil }
                self.quality = quality
            default: continue
            }
        }
    }

    /// How specifically it names a media type: 0 for `*/*`, 3 with the version; nil if it does not match.
    func specificity(for media: (type: String, subtype: String, version: String)) -> Int? {
        if (type, subtype) == ("*", "*") { return 0 }
        guard type == media.type else { return nil }
        if subtype == "*" { return 1 }
        guard subtype == media.subtype else { return nil }
        guard let version else { return Self.named }
        return version == media.version ? Self.named + 1 : nil
    }

    /// A quality of RFC 9110, section 12.4.2: 0 to 1 with three decimals at most.
    private static func thousandths(_ text: Substring) -> Int? {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(text), number <= 1
        else { return nil }
        return Int((number * 1000).rounded())
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
