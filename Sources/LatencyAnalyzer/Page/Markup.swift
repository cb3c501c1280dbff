/// HTML and SVG text; every text of a log or a person goes through `escaped`.
enum Markup {
    /// The text with what HTML would take for its own written out.
    static func escaped(_ text: String) -> String {
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

    /// A coordinate with one digit behind the point.
    static func at(_ value: Double) -> String { value.decimal(digits: 1) }
}
