import Bytes

/// What precedes the lines of a log with an unsupported prefix.
extension LogKind {
    private static let marks = ["127.0.0.1 - - [", "Prediction took ", "Predictions took ", "X-Ms-Request-Id: "]

    /// A sentence on the prefix; nil if the first line of the scoring log has none.
    static func prefix(in sample: [UInt8], _ name: String) -> String? {
        let text = String(decoding: sample.prefix(16_384), as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            let starts = marks.compactMap { line.firstRange(of: $0)?.lowerBound }
            guard let start = starts.min() else { continue }
            return start == line.startIndex ? nil : sentence(onPrefix: String(line[..<start]), line, name)
        }
        return nil
    }

    private static func sentence(onPrefix prefix: String, _ line: Substring, _ name: String) -> String {
        let known: [(Regex<Substring>, String, String)] = [
            (#/ *[0-9]+\t/#, "numbers, as of cat -n", "cut -f2- \(name)"),
            (#/ *[0-9]+ +/#, "numbers, as of nl", "sed -E 's/^ *[0-9]+ +//' \(name)"),
            (
                #/<[0-9]{1,3}>1 (?:[^ ]+ ){5}(?:-|\[.*\]) /#, "syslog's header (RFC 5424)",
                "sed -E 's/^<[0-9]+>1 ([^ ]+ ){5}(-|\\[[^]]*\\]) //' \(name)"
            ),
            (
                #/[^ ]+ [^ ]+ [0-9]{2}-[0-9]{2} [0-9:]{8} /#, "stern's prefix and its short time",
                "stern -t writes one that is read; or sed -E 's/ [0-9]{2}-[0-9]{2} [0-9:]{8}//' \(name)"
            ),
            (#/[0-9]+[:-]/#, "numbers, as of grep -n", "sed -E 's/^[0-9]+[:-]//' \(name)"),
            (
                #/(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9-]+T[0-9:.,]+(?:Z|[-+][0-9:]+)) [^ ]+ [^ ]+: /#,
                "the time, the host and the program, as of journalctl or syslog",
                "journalctl -u UNIT -o cat > LOG.txt writes the log without them; or sed -E 's/^.*\\]: //' \(name)"
            ),
            (
                #/[^ :]+:(?:[0-9]+:)?/#, "a file's name, as of grep",
                "grep -h writes none; or sed -E 's/^[^:]*:([0-9]+:)?//' \(name)"
            ),
            (#/[ \t]+/#, "blanks", "sed -E 's/^[ \\t]+//' \(name)"),
            (#/[^\t]+\t/#, "a column of its own", "cut -f2- \(name)"),
        ]
        guard let (_, what, command) = known.first(where: { prefix.wholeMatch(of: $0.0) != nil }) else {
            return "its lines have a prefix that is not known: \(String(line.prefix(120)).printable()); \(logs)"
        }
        return "its lines begin with \(what); \(command) | bungalow analyze --files -"
    }
}
