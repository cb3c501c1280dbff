import Foundation

/// A table in plain text: columns of numbers are right-aligned, others left-aligned, two spaces apart.
public struct TextTable {
    let titles: [String]
    let rows: [[String]]

    /// - Parameter rows: each as long as the titles.
    public init(titles: [String], rows: [[String]]) {
        self.titles = titles
        self.rows = rows
    }

    /// The table's lines, the titles first, without a line feed at the end.
    public func text(indent: String = "") -> String {
        let widths = titles.indices.map { column in
            rows.reduce(titles[column].count) { max($0, column < $1.count ? $1[column].count : 0) }
        }
        let areNumbers = titles.indices.map { column in
            rows.allSatisfy { $0.count <= column || Self.isNumber($0[column]) }
        }
        return ([titles] + rows).map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return areNumbers[column] ? padding + row[column] : row[column] + padding
            }
            return indent + cells.joined(separator: "  ").replacing(#/ +$/#, with: "")
        }.joined(separator: "\n")
    }

    /// Numbers, shares, `n/a` or empty cells.
    private static func isNumber(_ cell: String) -> Bool {
        cell.isEmpty || cell == "n/a" || Double(cell.hasSuffix(" %") ? String(cell.dropLast(2)) : cell) != nil
    }
}
