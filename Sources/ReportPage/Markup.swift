import Bytes

/// HTML and SVG; any text from a log or a user goes through `escaped`.
public enum Markup {
    /// The text with HTML's special characters escaped.
    public static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// A coordinate with one digit after the point.
    public static func at(_ value: Double) -> String { value.decimal(digits: 1) }

    /// A highlighted sentence; empty for nil.
    public static func banner(_ text: String?) -> String {
        text.map { "<p class=\"banner\">\(escaped($0))</p>" } ?? ""
    }

    /// The key figures at the top of a page.
    public static func tiles(_ tiles: [(name: String, value: String)]) -> String {
        let items = tiles.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }
        return "<dl class=\"tiles\">\(items.joined())</dl>"
    }

    /// A table of rows that are as long as the titles.
    public static func table(titles: [String], rows: [[String]], isTotalLast: Bool = false) -> String {
        let head = titles.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined()
        let kind = isTotalLast ? " class=\"total\"" : ""
        return "<table\(kind)><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table>"
    }

    /// A table; each row becomes a list with the titles where there is no room for all columns.
    public static func stackedTable(titles: [String], rows: [[String]]) -> String {
        let head = titles.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            let cells = zip(titles, row).map { "<td data-title=\"\(escaped($0))\">\(escaped($1))</td>" }
            return "<tr>\(cells.joined())</tr>"
        }
        return "<table class=\"stack\"><thead><tr>\(head)</tr></thead><tbody>\(body.joined())</tbody></table>"
    }
}
