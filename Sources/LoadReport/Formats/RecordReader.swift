import Files

/// Reads the records of a CSV file one at a time, in memory that does not grow with the file.
///
/// The format is RFC 4180's, with any of the three line ends and text in UTF-8 or UTF-16. A record that is longer than
/// `maximumByteCount` is left out and counted; so is a last record without a line end that is shorter than the first,
/// which a writer was still at.
struct RecordReader {
    /// Records that could not be read, and the number of the first.
    struct Losses: Equatable {
        var count = 0
        var firstRecord: Int?
        /// What is wrong with the first, if it is not just broken.
        var reason: String?

        mutating func add(record: Int, _ reason: String? = nil) {
            count += 1
            guard firstRecord == nil else { return }
            (firstRecord, self.reason) = (record, reason)
        }
    }

    static let maximumByteCount = 1 << 16
    private static let maximumFieldCount = 1 << 10

    private enum State { case plain, quoted, quoteInQuoted }

    private let separator: UInt8
    private var state = State.plain
    private var bytes: [UInt8] = []
    // Where each field of the record ends within the bytes.
    private var ends: [Int] = []
    private var isOverlong = false
    private var wasCarriageReturn = false
    private(set) var number = 0
    private(set) var losses = Losses()

    private init(separator: UInt8) { self.separator = separator }

    /// Reads a file from its beginning to its end.
    ///
    /// - Parameter body: called with each record's number, from 1 on, and its fields; returns false if it is invalid.
    /// - Returns: what was left out.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws except `Misfit`.
    static func read(
        _ file: TextFile, separator: UInt8 = UInt8(ascii: ","), _ body: (Int, [String]) throws -> Bool
    ) throws -> Losses {
        var reader = Self(separator: separator)
        var columnCount = 0
        try file.forEachPiece { piece in
            for byte in piece {
                guard reader.take(byte), let fields = reader.record() else { continue }
                if reader.number == 1 { columnCount = fields.count }
                try reader.hand(fields, to: body)
            }
        }
        if reader.isUnderWay {
            let isOpen = reader.state == .quoted
            if let fields = reader.record() {
                let isCut = isOpen || fields.count < columnCount
                if isCut { reader.losses.add(record: reader.number) } else { try reader.hand(fields, to: body) }
            }
        }
        return reader.losses
    }

    /// A row that is rejected, with the reason.
    struct Misfit: Error {
        let reason: String
    }

    private mutating func hand(_ fields: [String], to body: (Int, [String]) throws -> Bool) throws {
        do {
            if try !body(number, fields) { losses.add(record: number) }
        } catch let misfit as Misfit {
            losses.add(record: number, misfit.reason)
        }
    }

    /// Reads a table; a row that has more or fewer cells than there are titles is refused, and counted as a loss.
    ///
    /// - Parameters:
    ///   - layout: how the cells are separated, and the titles if the first row has none.
    ///   - cells: puts a row right that a tool writes wrongly; nil for a row that is not one of the table.
    ///   - body: called with the columns and each further record's fields; returns false if it is invalid.
    /// - Returns: what was left out.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    static func readTable(
        _ file: TextFile, _ layout: TableLayout, _ cells: ([String], ColumnNames) -> [String]? = { row, _ in row },
        _ body: (ColumnNames, [String]) throws -> Bool
    ) throws -> Losses {
        var columns = layout.titles.map { ColumnNames($0) }
        return try read(file, separator: layout.separator) { _, row in
            guard let known = columns else {
                // Rows that `cells` skips may precede the titles, too.
                guard cells(row, ColumnNames(row)) != nil else { return true }
                columns = ColumnNames(row, hasDecimalCommas: layout.hasDecimalCommas)
                return true
            }
            guard var row = cells(row, known) else { return true }
            // Spreadsheets pad rows.
            while row.count > known.count, row.last?.isEmpty == true { row.removeLast() }
            guard row.count == known.count else {
                throw Misfit(reason: "it has \(row.count) cells for \(known.count) columns")
            }
            return try body(known, row)
        }
    }

    private var isUnderWay: Bool { !bytes.isEmpty || !ends.isEmpty || isOverlong }

    /// - Returns: whether the byte ends a record.
    private mutating func take(_ byte: UInt8) -> Bool {
        let followsCarriageReturn = wasCarriageReturn
        wasCarriageReturn = false
        if state == .quoted {
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { append(byte) }
            return false
        }
        switch byte {
        case UInt8(ascii: "\n") where followsCarriageReturn: return false
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            wasCarriageReturn = byte == UInt8(ascii: "\r")
            state = .plain
            return isUnderWay
        case separator:
            state = .plain
            if ends.count < Self.maximumFieldCount { ends.append(bytes.count) } else { isOverlong = true }
        case UInt8(ascii: "\"") where state == .quoteInQuoted:
            append(byte)
            state = .quoted
        case UInt8(ascii: "\"") where bytes.count == (ends.last ?? 0): state = .quoted
        default: append(byte)
        }
        return false
    }

    private mutating func append(_ byte: UInt8) {
        if bytes.count < Self.maximumByteCount { bytes.append(byte) } else { isOverlong = true }
    }

    /// Returns the record and begins the next; nil for one that was too long.
    private mutating func record() -> [String]? {
        defer {
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            (state, isOverlong) = (.plain, false)
        }
        number += 1
        guard !isOverlong else {
            losses.add(record: number)
            return nil
        }
        var start = 0
        return (ends + [bytes.count]).map { end in
            defer { start = end }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
    }
}
