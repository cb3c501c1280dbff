import Files

/// The records of a CSV file, one at a time, in memory that does not grow with the file.
///
/// The format is RFC 4180's, with any of the three line ends and text in UTF-8 or UTF-16. A record that is longer than
/// `maximumByteCount` is left out and counted; so is a last record without a line end that is shorter than the first,
/// which a writer was still at.
struct RecordReader {
    /// Records that could not be read, and the number of the first.
    struct Losses: Equatable {
        var count = 0
        var firstRecord: Int?

        mutating func add(record: Int) {
            count += 1
            firstRecord = firstRecord ?? record
        }
    }

    static let maximumByteCount = 1 << 16
    private static let maximumFieldCount = 1 << 10

    private enum State { case plain, quoted, quoteInQuoted }

    private var state = State.plain
    private var bytes: [UInt8] = []
    // Where each field of the record ends within the bytes.
    private var ends: [Int] = []
    private var isOverlong = false
    private var wasCarriageReturn = false
    private(set) var number = 0
    private(set) var losses = Losses()

    /// Reads a file from its beginning to its end.
    ///
    /// - Parameter body: called with each record's number, from 1 on, and its fields; returns false if it is invalid.
    /// - Returns: what was left out.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    static func read(_ file: TextFile, _ body: (Int, [String]) throws -> Bool) throws -> Losses {
        var reader = Self()
        var columnCount = 0
        try file.forEachPiece { piece in
            for byte in piece {
                guard reader.take(byte), let fields = reader.record() else { continue }
                if reader.number == 1 { columnCount = fields.count }
                if try !body(reader.number, fields) { reader.losses.add(record: reader.number) }
            }
        }
        if reader.isUnderWay {
            let isOpen = reader.state == .quoted
            if let fields = reader.record() {
                let isCut = isOpen || fields.count < columnCount
                if try isCut || !body(reader.number, fields) { reader.losses.add(record: reader.number) }
            }
        }
        return reader.losses
    }

    /// Reads a file whose first record names the columns.
    ///
    /// - Parameter body: called with the columns and each further record's fields; returns false if it is invalid.
    /// - Returns: what was left out.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    static func readTable(_ file: TextFile, _ body: (ColumnNames, [String]) throws -> Bool) throws -> Losses {
        var columns = ColumnNames([])
        return try read(file) { number, row in
            guard number > 1 else {
                columns = ColumnNames(row)
                return true
            }
            return try body(columns, row)
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
        case UInt8(ascii: ","):
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
