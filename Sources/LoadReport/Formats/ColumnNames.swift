/// The positions of a table's columns, by their titles.
struct ColumnNames {
    private let places: [String: Int]
    let count: Int
    private let hasDecimalCommas: Bool

    init(_ titles: [String], hasDecimalCommas: Bool = false) {
        self.hasDecimalCommas = hasDecimalCommas
        let names = titles.map { $0.trimmed.lowercased() }
        places = Dictionary(names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        count = titles.count
    }

    /// Whether all these columns are there.
    func has(_ titles: [String]) -> Bool { titles.allSatisfy { place($0) != nil } }

    /// Whether the columns that are present are in this order.
    func areInOrder(_ titles: [String]) -> Bool {
        let found = titles.compactMap(place)
        return found == found.sorted()
    }

    /// The column's position.
    func place(_ title: String) -> Int? { places[title.lowercased()] }

    /// The column's cell of a row, without blanks around it; nil if there is none or it is empty.
    func text(_ title: String, in row: [String]) -> String? {
        guard let place = places[title.lowercased()], row.indices.contains(place) else { return nil }
        let text = row[place].trimmed
        return text.isEmpty ? nil : text
    }

    /// The column's number, finite.
    func number(_ title: String, in row: [String]) -> Double? {
        text(title, in: row).flatMap { Double(hasDecimalCommas ? $0.replacing(",", with: ".") : $0) }
            .flatMap { $0.isFinite ? $0 : nil }
    }

    /// The column's number of things.
    func count(_ title: String, in row: [String]) -> Int? { number(title, in: row).flatMap(Int.init(count:)) }
}

extension Int {
    // A million million: sums of what files claim must not overflow.
    static let allowedCounts = 0...1_000_000_000_000

    /// A whole number of things that no load test exceeds; nil for others.
    init?(count: Double) {
        guard let whole = Int(exactly: count), Self.allowedCounts.contains(whole) else { return nil }
        self = whole
    }
}

extension StringProtocol {
    /// Without the blanks around it.
    var trimmed: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}
