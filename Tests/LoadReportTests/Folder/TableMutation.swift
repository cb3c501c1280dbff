import Foundation
import TestSupport

/// Changes to a table between a tool and a report: by hand, in a spreadsheet, on a full disk.
struct TableMutation {
    private static let separators = [",", ";", "\t", "|", " "]

    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// One of the values.
    mutating func choose<Value>(_ values: [Value]) -> Value? { values.randomElement(using: &generator) }

    /// The text after one to three changes.
    mutating func mutated(_ text: String) -> String {
        var text = text
        for _ in 0..<Int.random(in: 1...3, using: &generator) { text = changed(text) }
        return text
    }

    private mutating func changed(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return onRows(lines) { rows, place in rows.remove(at: place) }
        case 1: return onRows(lines) { rows, place in rows.insert(rows[place], at: place) }
        case 2: return String(text.prefix(Int.random(in: 0...max(text.count - 1, 0), using: &generator)))
        case 3: return cutRow(lines)
        case 4: return dropColumn(lines)
        case 5: return swapColumns(lines)
        case 6: return changeSeparator(lines)
        default: return swapRows(lines)
        }
    }

    private mutating func onRows(_ lines: [String], _ change: (inout [String], Int) -> Void) -> String {
        guard let place = lines.indices.randomElement(using: &generator) else { return "" }
        // A block of rows, such as all of one request.
        var rows = lines
        for _ in 0..<([1, 1, 1, 2, 12].randomElement(using: &generator) ?? 1) where rows.indices.contains(place) {
            change(&rows, place)
        }
        return rows.joined(separator: "\n")
    }

    private mutating func cutRow(_ lines: [String]) -> String {
        var rows = lines
        guard let place = rows.indices.randomElement(using: &generator) else { return "" }
        rows[place] = String(rows[place].prefix(Int.random(in: 0...rows[place].count, using: &generator)))
        return rows.joined(separator: "\n")
    }

    private mutating func swapRows(_ lines: [String]) -> String {
        var rows = lines
        guard let one = rows.indices.randomElement(using: &generator),
            let other = rows.indices.randomElement(using: &generator)
        else { return "" }
        rows.swapAt(one, other)
        return rows.joined(separator: "\n")
    }

    /// The rows to which a change of columns applies: all, the titles, or all but the titles.
    private mutating func range(_ lines: [String]) -> Range<Int> {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: 0..<lines.count
        case 1: 0..<min(1, lines.count)
        default: min(1, lines.count)..<lines.count
        }
    }

    private mutating func dropColumn(_ lines: [String]) -> String {
        let (range, column) = (range(lines), Int.random(in: 0..<24, using: &generator))
        return onCells(lines, range) { cells in
            if cells.count > 1 { cells.remove(at: column % cells.count) }
        }
    }

    private mutating func swapColumns(_ lines: [String]) -> String {
        let range = range(lines)
        let (one, other) = (Int.random(in: 0..<24, using: &generator), Int.random(in: 0..<24, using: &generator))
        return onCells(lines, range) { cells in
            if cells.count > 1 { cells.swapAt(one % cells.count, other % cells.count) }
        }
    }

    private func onCells(_ lines: [String], _ range: Range<Int>, _ change: (inout [String]) -> Void) -> String {
        var rows = lines
        for place in range where !rows[place].isEmpty {
            var cells = rows[place].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            change(&cells)
            rows[place] = cells.joined(separator: ",")
        }
        return rows.joined(separator: "\n")
    }

    private mutating func changeSeparator(_ lines: [String]) -> String {
        let separator = Self.separators.randomElement(using: &generator) ?? ";"
        var rows = lines
        let range =
            Bool.random(using: &generator)
            ? range(lines) : lines.indices.randomElement(using: &generator).map { $0..<$0 + 1 } ?? 0..<0
        for place in range { rows[place] = rows[place].replacing(",", with: separator) }
        return rows.joined(separator: "\n")
    }
}
