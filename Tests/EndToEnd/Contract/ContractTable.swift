import Foundation

/// Which tests prove which sentence of the contract: a line a sentence, three columns with tabs between them.
///
/// The columns are the section, the sentence's opening words (as many as no other sentence of the section begins with),
/// and the tests by name with ` | ` between them. Where a sentence is not in force yet, or not all of it, the last of
/// them is `later: ` and the part of the service that brings it. The first line names the columns.
struct ContractTable {
    private struct Row {
        let line: Int
        let section: String
        let opening: String
        let tests: [String]

        func covers(_ sentence: ContractText.Sentence) -> Bool {
            sentence.section == section && sentence.text.hasPrefix(opening)
        }
    }

    private static let name = "Tests/EndToEnd/Contract/contract.tsv"
    private static let later = "later:"
    private var rows: [Row] = []
    private var malformed: [String] = []

    init(_ text: String) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().dropFirst()
        where !line.isEmpty {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard columns.count == 3, columns.allSatisfy({ !$0.isEmpty }) else {
                malformed.append(
                    """
                    \(Self.name):\(index + 1) has not three filled columns. \
                    Write the section, the sentence's opening words and its tests, with one tab between them.
                    """)
                continue
            }
            let tests = columns[2].components(separatedBy: " | ")
            rows.append(Row(line: index + 1, section: columns[0], opening: columns[1], tests: tests))
        }
    }

    /// What is wrong with the table, each with what to do; nothing if every sentence has its row and every test exists.
    func problems(sentences: [ContractText.Sentence], tests: Set<String>) -> [String] {
        malformed + sentences.compactMap(problem) + rows.flatMap { problems(of: $0, sentences, tests) }
    }

    private func problem(with sentence: ContractText.Sentence) -> String? {
        let lines = rows.filter { $0.covers(sentence) }.map { "\($0.line)" }
        let shown = "§\(sentence.section) “\(sentence.text)”"
        switch lines.count {
        case 0:
            return """
                \(shown) has no row. Write a test that proves it, or find the one that does, and add a line to \
                \(Self.name): \(sentence.section), a tab, its opening words, a tab, and the tests by name with ' | ' \
                between them (or '\(Self.later) ' and the part of the service that brings it).
                """
        case 1: return nil
        default: return "\(shown) has the rows \(lines.joined(separator: ", ")). Leave one of them in \(Self.name)."
        }
    }

    private func problems(
        of row: Row, _ sentences: [ContractText.Sentence], _ tests: Set<String>
    ) -> [String] {
        let place = "\(Self.name):\(row.line)"
        var problems: [String] = []
        switch sentences.count(where: row.covers) {
        case 0:
            problems.append(
                """
                \(place): no sentence of §\(row.section) begins with “\(row.opening)”. Look whether its tests still \
                prove what the contract says now, then write the sentence's new opening words, or take the line away.
                """)
        case 1: break
        case let count:
            problems.append(
                "\(place): \(count) sentences begin with “\(row.opening)”. Write more words, as only one begins with.")
        }
        for (index, test) in row.tests.enumerated() {
            if test.hasPrefix(Self.later) {
                if index < row.tests.count - 1 || test.dropFirst(Self.later.count).allSatisfy(\.isWhitespace) {
                    problems.append(
                        "\(place): '\(Self.later)' comes last and names the part of the service that brings the rest.")
                }
            } else if test.allSatisfy(\.isWhitespace) {
                problems.append(
                    "\(place) names no test. Name the tests that prove the sentence, or write '\(Self.later) ' and what brings it."
                )
            } else if !tests.contains(test) {
                problems.append(
                    """
                    \(place): there is no test “\(test)”. Name it as its @Test, its func or its def does; if it is \
                    gone, name another one that proves the sentence.
                    """)
            }
        }
        return problems
    }
}
