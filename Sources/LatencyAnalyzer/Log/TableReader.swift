import Bytes

/// Extracts lines from a table's rows, as Azure's portal exports them: CSV with a header.
struct TableReader: Sendable, Equatable {
    private let columnCount: Int
    private let messageColumn: Int
    private let podColumn: Int?
    private var cell: [UInt8] = []
    private var pod: [UInt8] = []

    /// Reads the header; nil if no column holds log lines.
    init?(header: UnsafeRawBufferPointer) {
        var names: [String] = []
        _ = Self.forEachCell(of: header) { _, bytes in names.append(Self.text(bytes)) }
        let messages = ObjectReader.messageKeys.map { "\($0)" }
        guard let message = names.firstIndex(where: messages.contains) else { return nil }
        // Any text may begin with a line that is a word such as "message".
        guard names.count > 1 || ["LogMessage", "LogEntry"].contains(names[0]) else { return nil }
        (columnCount, messageColumn) = (names.count, message)
        podColumn = names.firstIndex { ["PodName", "InstanceId"].contains($0) }
    }

    private static func text(_ cell: UnsafeRawBufferPointer) -> String {
        let name = cell.trimmed { $0.isBlank || $0 == UInt8(ascii: "\"") || $0 == .carriageReturn }
        return String(decoding: name, as: UTF8.self)
    }

    /// Reads a row.
    ///
    /// - Parameter body: gets the line, the pod, and whether the row shows that the line is whole; is not called for a row
    ///   that has neither.
    /// - Returns: whether the row has all its cells.
    @discardableResult
    mutating func read(
        _ row: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Bool) -> Void
    ) -> Bool {
        cell.removeAll(keepingCapacity: true)
        pod.removeAll(keepingCapacity: true)
        var (hasMessage, isQuoted, count) = (false, false, 0)
        let isClosed = Self.forEachCell(of: row) { index, bytes in
            count = index + 1
            if index == messageColumn {
                (hasMessage, isQuoted) = (true, bytes.first == UInt8(ascii: "\""))
                Self.unquote(bytes, into: &cell)
            } else if index == podColumn {
                Self.unquote(bytes, into: &pod)
            }
        }
        if hasMessage {
            let isWhole = count > messageColumn + 1 || isQuoted && isClosed
            cell.withUnsafeBytes { cell in pod.withUnsafeBytes { body(cell, $0, isWhole) } }
        }
        return isClosed && count >= columnCount
    }

    private static func unquote(_ bytes: UnsafeRawBufferPointer, into cell: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        guard bytes.first == quote, bytes.count > 1, bytes.last == quote else {
            cell.append(contentsOf: bytes)
            return
        }
        var scanner = ByteScanner(bytes.part(1..<bytes.count - 1))
        while let part = scanner.take(before: quote) {
            cell.append(contentsOf: part)
            cell.append(quote)
            _ = scanner.skip(quote)
        }
        cell.append(contentsOf: scanner.rest)
    }

    /// - Returns: whether all quotes are closed.
    private static func forEachCell(
        of row: UnsafeRawBufferPointer, _ body: (Int, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        let row = row.last == .carriageReturn ? row.part(0..<row.count - 1) : row
        var (index, start, isQuoted) = (0, 0, false)
        for position in 0..<row.count {
            if row[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard row[position] == UInt8(ascii: ","), !isQuoted else { continue }
            body(index, row.part(start..<position))
            (index, start) = (index + 1, position + 1)
        }
        body(index, row.dropping(start))
        return !isQuoted
    }
}
