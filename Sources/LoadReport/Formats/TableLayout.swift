/// How the cells of a text table are arranged: what separates them, and the titles, if the file itself has none.
struct TableLayout: Sendable, Equatable {
    /// A comma, a semicolon (spreadsheets of some countries) or a tab.
    var separator = UInt8(ascii: ",")
    /// The titles of a file that begins with a row of data.
    var titles: [String]?

    static let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]

    /// If semicolons separate cells, a comma is the decimal point.
    var hasDecimalCommas: Bool { separator == UInt8(ascii: ";") }

    /// The cells of a line, without blanks and quotes around them; for recognizing titles only.
    func cells(of line: Substring) -> [String] {
        line.split(separator: Character(UnicodeScalar(separator)), omittingEmptySubsequences: false).map(\.unquoted)
    }
}

extension Substring {
    /// Without blanks and quotes around it.
    fileprivate var unquoted: String {
        let text = trimmed
        guard text.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast())
    }
}
