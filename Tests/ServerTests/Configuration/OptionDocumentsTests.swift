import Foundation
import TestSupport
import Testing

@testable import Server

/// The tables of options in the documents match `ServerOption.all`.
@Suite struct OptionDocumentsTests {
    private struct Row: Equatable {
        let variable: String
        let fallback: String
    }

    /// The cells of the table that follows a heading, without the row of its columns' names.
    private func rows(_ document: String, after heading: String) throws -> [[String]] {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs")
        let text = try String(contentsOf: docs.appending(path: document), encoding: .utf8)
        let start = try #require(text.firstRange(of: "\n## \(heading)")).upperBound
        return text[start...].split(separator: "\n").drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.dropFirst(
            2
        )
        .map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.replacing("`", with: "").trimmingCharacters(in: .whitespaces) }
        }
    }

    /// The parts of a cell with commas, without ids and additions in parentheses.
    private func parts(_ cell: String) -> [String] {
        cell.replacing(/\[C[0-9.]+\] |\([^)]*\)/, with: "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private let expected = ServerOption.all.map {
        Row(variable: $0.variable, fallback: $0.fallback.replacing(/^'|'$/, with: ""))
    }

    @Test("the contract has every option with its default, and no other")
    func contract() throws {
        let rows = try rows("contract.md", after: "5. Configuration").flatMap { row in
            let (variables, defaults) = (parts(row[0]), parts(row[1]))
            try #require(variables.count == defaults.count, "\(row)")
            return zip(variables, defaults).map { Row(variable: $0, fallback: $1) }
        }
        #expect(rows.filter { !expected.contains($0) } == [])
        #expect(expected.filter { !rows.contains($0) } == [])
        #expect(rows.count == expected.count)
    }

    @Test("docs/operations.md has every option in the order of --help, with default, range and when to change it")
    func operations() throws {
        let rows = try rows("operations.md", after: "Options")
        let found = rows.map { Row(variable: parts($0[0])[0], fallback: $0[1]) }
        #expect(expected.filter { !found.contains($0) } == [])
        try #require(found == expected)
        for (row, option) in zip(rows, ServerOption.all) {
            #expect(row.count == 4 && row[3].isEmpty == false, "\(row)")
            #expect(row[2] == option.allowed ?? "", "\(row)")
            #expect(row[0].hasSuffix("(else \(option.alternative ?? ""))") == (option.alternative != nil), "\(row)")
        }
    }
}
