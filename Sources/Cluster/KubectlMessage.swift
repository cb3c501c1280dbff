import Foundation

/// What kubectl printed to its standard error, as one line for the operator.
///
/// klog's lines repeat the last line's message, each with another time; a missing right is named.
struct KubectlMessage {
    static let forbiddenStart = "no right to "
    /// One sentence without a full stop.
    let sentence: String

    /// - Parameter text: all of standard error.
    init(_ text: String) {
        var lines: [Substring] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0.isWhitespace }
            // E1127 14:02:11.123456   12345 memcache.go:265] "Unhandled Error" err="…"
            let isLogged = line.prefixMatch(of: /[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [^ \]]+\]/) != nil
            if !isLogged, !line.isEmpty, !lines.contains(line) { lines.append(line) }
        }
        let all = lines.isEmpty ? text.split(whereSeparator: \.isNewline).suffix(1) : lines
        let message = all.joined(separator: " ")
        sentence = Self.missingRight(in: message) ?? "kubectl: " + (message.isEmpty ? "no reason given" : message)
    }

    /// `pods "a" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "n"`.
    private static func missingRight(in message: String) -> String? {
        let form = #/cannot ([a-z]+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/#
        guard message.contains("(Forbidden)"), let match = message.firstMatch(of: form) else { return nil }
        let group = match.3.isEmpty ? "" : " of \(match.3)"
        let place = match.4.map { "in the namespace \($0)" } ?? "in all namespaces"
        let user = message.firstMatch(of: #/User "([^"]*)"/#).map { " (user \($0.1))" } ?? ""
        return "\(forbiddenStart)\(match.1) \(match.2)\(group) \(place)\(user); "
            + "docs/analyzer.md lists the rights needed"
    }
}
