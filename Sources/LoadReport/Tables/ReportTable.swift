import ReportPage

/// A table of the report, for the page and for the terminal alike.
struct ReportTable {
    let title: String
    let titles: [String]
    let rows: [[String]]

    var text: String { "\(title):\n" + TextTable(titles: titles, rows: rows).text(indent: "\t ") }

    var html: String {
        "<figure><figcaption>\(Markup.escaped(title))</figcaption>\(Markup.table(titles: titles, rows: rows))</figure>"
    }
}

extension Double? {
    /// The number in short, or `n/a`.
    var cell: String { self?.shortest ?? "n/a" }
}

extension Int? {
    /// The number, or `n/a`.
    var cell: String { map(String.init) ?? "n/a" }
}
