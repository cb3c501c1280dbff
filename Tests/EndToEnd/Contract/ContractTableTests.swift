import Foundation
import Testing

/// Every sentence of the contract has tests that prove it, or says what will bring it; and this check can fail.
@Suite struct ContractTableTests {
    private static let markdown = """
        # The title

        A preface. It promises nothing.

        ## 1. First things

        One sentence.  Another
        one (with a stop. In it) and `a. B` and 1.5 and a. small letter: the end:

            code. More code.

        | name | meaning |
        |---|---|
        | A, B | a row. One sentence |

        - An item
          of a list. `Second` one.
        - `x` one · `y` (a · b) two ·
          three.
        ## No number
        Last, without a stop
        """

    private func problems(_ rows: String..., tests: Set<String> = ["a test", "another"]) -> [String] {
        let sentences = ContractText("## 1. One\nFirst sentence. Second sentence.\n## 2. Two\nFirst sentence.")
            .sentences
        let table = ContractTable(
            ["section\tsentence\ttests", "", ""].joined(separator: "\n") + rows.joined(separator: "\n"))
        return table.problems(sentences: sentences, tests: tests)
    }

    private static let good = [
        "1\tFirst\ta test", "1\tSecond\tanother | later: the rest", "2\tFirst\tlater: all of it",
    ]

    @Test("every sentence of the contract has a row, and the row's tests exist")
    func contract() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/contract.md"), encoding: .utf8)
        let rows = try String(contentsOf: root.appending(path: "Tests/EndToEnd/Contract/contract.tsv"), encoding: .utf8)
        let sentences = ContractText(text).sentences
        #expect(sentences.count > 90 && Set(sentences.map(\.section)).isSuperset(of: ["1", "2", "3", "4", "5"]))
        let tests = try TestNames.all(inRepository: root)
        for problem in ContractTable(rows).problems(sentences: sentences, tests: tests) {
            Issue.record(Comment(rawValue: problem))
        }
    }

    @Test("sentences of paragraphs, items and rows are told apart, and code belongs to the sentence before it")
    func splitting() {
        let expected = [
            ("1", "One sentence."),
            ("1", "Another one (with a stop. In it) and `a. B` and 1.5 and a. small letter: the end: code. More code."),
            ("1", "A, B | a row. One sentence"), ("1", "An item of a list."), ("1", "`Second` one."),
            ("1", "`x` one"), ("1", "`y` (a · b) two"), ("1", "three."), ("## No number", "Last, without a stop"),
        ].map { ContractText.Sentence(section: $0, text: $1) }
        #expect(ContractText(Self.markdown).sentences == expected)
        #expect(
            ContractText("## 1. A\nText.\n```\ncode. Code\n\n# no heading\n```\nMore.").sentences.map(\.text) == [
                "Text. code. Code # no heading", "More.",
            ])
        #expect(ContractText("").sentences.isEmpty)
    }

    @Test("a table in which every sentence has one row with tests that exist has no problems")
    func complete() {
        #expect(problems(Self.good[0], Self.good[1], Self.good[2]).isEmpty)
    }

    @Test("a sentence without a row is a problem, with the row to write")
    func noRow() {
        let found = problems(Self.good[0], Self.good[2])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("§1 “Second sentence.” has no row. Write a test that proves it") == true)
        #expect(problems().count == 3)
    }

    @Test("a sentence with two rows is a problem")
    func twoRows() {
        let found = problems(Self.good[0], Self.good[1], Self.good[2], "1\tFirst sen\tanother")
        #expect(
            found == [
                "§1 “First sentence.” has the rows 3, 6. Leave one of them in Tests/EndToEnd/Contract/contract.tsv."
            ])
    }

    @Test("a row that matches no sentence of its section, or several, is a problem")
    func noSentence() {
        let gone = problems(Self.good[0], Self.good[1], Self.good[2], "2\tSecond\ta test")
        #expect(gone.count == 1)
        #expect(gone.first?.contains("contract.tsv:6: no sentence of §2 begins with “Second”") == true)
        let sentences = ContractText("## 1. One\nA cat. A dog.").sentences
        let vague = ContractTable("\n1\tA\ta test").problems(sentences: sentences, tests: ["a test"])
        #expect(vague.count == 1 && vague.first?.contains(":2: 2 sentences begin with “A”") == true)
    }

    @Test("a test that does not exist is a problem, beside one that does too")
    func unknownTest() {
        for tests in ["a tset", "another | a tset", "a tset | later: x"] {
            let found = problems(Self.good[0], "1\tSecond\t\(tests)", Self.good[2])
            #expect(found.count == 1)
            #expect(found.first?.contains(":4: there is no test “a tset”") == true)
        }
    }

    @Test("a row that names neither a test nor what brings it later is a problem")
    func noTest() {
        for row in ["1\tSecond\t", "1\tSecond", "1\t\ta test", "1\tSecond\ta test\tmore", "1 Second a test"] {
            let found = problems(Self.good[0], row, Self.good[2])
            #expect(found.contains { $0.contains(":4 has not three filled columns") }, "\(row)")
        }
        for tests in [" ", "a test | "] {
            #expect(
                problems(Self.good[0], "1\tSecond\t\(tests)", Self.good[2]).contains { $0.contains(":4 names no test") }
            )
        }
        for tests in ["later:", "later: ", "later: x | a test"] {
            let found = problems(Self.good[0], "1\tSecond\t\(tests)", Self.good[2])
            #expect(found.count == 1 && found.first?.contains(":4: 'later:' comes last and names") == true, "\(tests)")
        }
    }

    @Test("names of tests are read from Swift and Python sources")
    func names() throws {
        // In one line each, so that they are not taken for tests of this file.
        let swift =
            "\n    @Test(\"says \\\"hi\\\" \\\\\") func a() {}\n@Test func plain_1() async {}\n\t@Test(.tags(.x),\n"
            + "  arguments: [1])\n  func `raw name`(_ x: Int) {}\n  @Test(\n  \"wrapped\", arguments: 1...3\n) func b() {}\n"
            + "// @Test(\"comment\")\nlet text = \"@Test func inText() {}\"\nfunc helper() {}\n"
        #expect(TestNames.swift(swift) == ["says \"hi\" \\", "plain_1", "raw name", "wrapped"])
        let python =
            "def test_one(run):\n    pass\ndef helper():\n    pass\nclass A:\n    def test_two(self):\n# def test_not()\n"
        #expect(TestNames.python(python) == ["test_one", "test_two"])
    }
}
