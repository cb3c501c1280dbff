/// A recorder's table: a row of titles, then cells without quotes.
struct CSVTable {
    private let places: [String: Int]
    let rows: [[Substring]]

    init(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let titles = (lines.first ?? []).map { String($0) }
        places = Dictionary(
            titles.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        rows = Array(lines.dropFirst())
    }

    func has(_ titles: String...) -> Bool { titles.allSatisfy { places[$0] != nil } }

    func text(_ title: String, in row: [Substring]) -> String? {
        guard let place = places[title], row.indices.contains(place), !row[place].isEmpty else { return nil }
        return String(row[place])
    }

    func number(_ title: String, in row: [Substring]) -> Double? {
        text(title, in: row).flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
    }
}
