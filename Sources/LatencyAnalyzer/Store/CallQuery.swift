import Bytes
import CSQLite
import Files
import Foundation
import ReportPage
import SQLite

/// The result of one SQL query on a file of calls; the file is opened read-only.
public struct CallQuery: Sendable {
    /// Column titles.
    public let titles: [String]
    /// The rows as text, NULL as an empty cell.
    public let rows: [[String]]
    /// Whether there were more rows than asked for.
    public let isCut: Bool

    /// Runs the query.
    ///
    /// - Parameters:
    ///   - path: a file that `bungalow analyze --sqlite` has written, or any other SQLite file.
    ///   - sql: one SELECT.
    ///   - limit: the most rows to return.
    /// - Throws: `OperatorError` if the file cannot be read or the query is invalid.
    public init(path: String, sql: String, limit: Int) throws {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw OperatorError(
                .input, "\(path) cannot be read; make it with: bungalow analyze --sqlite \(path) --files …")
        }
        guard Self.isSelect(sql) else { throw Self.onlySelect }
        do {
            let file = try SQLiteConnection(path: path, isReadOnly: true, patience: 10)
            let statement = try SQLiteStatement(sql, file)
            guard statement.isReadOnly else { throw Self.onlySelect }
            titles = statement.columnNames
            var rows: [[String]] = []
            while rows.count <= limit, try statement.step() {
                rows.append(titles.indices.map { Self.text(statement.value(at: Int32($0))) })
            }
            (self.rows, isCut) = (Array(rows.prefix(limit)), rows.count > limit)
        } catch let error as SQLiteError {
            // More than one statement.
            if error.code == SQLITE_MISUSE { throw Self.onlySelect }
            throw OperatorError(error.code == SQLITE_ERROR ? .request : .input, "\(path): \(error)")
        }
    }

    private static let onlySelect = OperatorError(
        .request, "only SELECT is allowed, and one of it: the file is only read")

    /// SQLite does not count PRAGMA and ATTACH as writing, and neither is a query on the data.
    private static func isSelect(_ sql: String) -> Bool {
        let text = sql.replacing(#/^(\s|--[^\n]*(\n|$)|\/\*(?s:.*?)\*\/)+/#, with: "")
        return text.prefixMatch(of: #/(?i)(SELECT|WITH|VALUES|EXPLAIN)\b/#) != nil
    }

    /// The table's lines with titles, without a line feed at the end; a control character shows as its code.
    public var text: String {
        TextTable(titles: titles.map(Self.visible), rows: rows.map { $0.map(Self.visible) }).text()
    }

    private static func visible(_ text: String) -> String {
        text.printable { "\\u{\(String($0.value, radix: 16))}" }
    }

    private static func text(_ value: SQLiteValue) -> String {
        switch value {
        case .null: ""
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): "\(bytes.count) bytes"
        }
    }
}
