import Foundation

/// A table in plain text: the first column to the left, numbers to the right, two spaces between.
struct Columns {
    let titles: [String]
    let rows: [[String]]

    /// The table's lines, the titles first, without a line feed at the end.
    func text(indent: String = "") -> String {
        let widths = titles.indices.map { column in
            rows.reduce(titles[column].count) { max($0, column < $1.count ? $1[column].count : 0) }
        }
        return ([titles] + rows).map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }
            let line = cells.joined(separator: "  ")
            return indent + line.replacing(#/ +$/#, with: "")
        }.joined(separator: "\n")
    }
}

extension Double {
    /// So many digits after a point, whatever the locale.
    func decimal(digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
