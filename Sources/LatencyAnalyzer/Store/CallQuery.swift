import Bytes
import Files
import Foundation
import GRDB
import ReportPage

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
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        guard Self.isSelect(sql) else { throw Self.onlySelect }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            (titles, rows, isCut) = try queue.read { database in
                let statement = try database.makeStatement(sql: sql)
                guard statement.isReadonly else { throw Self.onlySelect }
                var rows: [[String]] = []
                let cursor = try Row.fetchCursor(statement)
                while rows.count <= limit, let row = try cursor.next() {
                    rows.append(row.map { Self.text($0.1) })
                }
                return (statement.columnNames, Array(rows.prefix(limit)), rows.count > limit)
            }
        } catch let error as DatabaseError {
            // More than one statement.
            if error.resultCode == .SQLITE_MISUSE { throw Self.onlySelect }
            let kind: OperatorError.Kind = error.resultCode == .SQLITE_ERROR ? .request : .input
            throw OperatorError(kind, "\(path): \(error.message ?? "\(error)")")
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

    private static func text(_ value: DatabaseValue) -> String {
        switch value.storage {
        case .null: ""
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .blob(let bytes): "\(bytes.count) bytes"
        }
    }
}
