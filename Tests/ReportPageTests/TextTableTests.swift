import ReportPage
import Testing

/// Tables in plain text.
@Suite struct TextTableTests {
    @Test("Columns of numbers are aligned to the right, others to the left")
    func alignment() {
        let table = TextTable(
            titles: ["pod", "calls", "share"], rows: [["a", "1", "99.5 %"], ["bcde", "100", "n/a"]])
        #expect(table.text() == "pod   calls   share\na         1  99.5 %\nbcde    100     n/a")
    }

    @Test("Every line begins with the indent, and none ends in blanks")
    func indent() {
        #expect(
            TextTable(titles: ["a", "b"], rows: [["xyz", ""], ["", "long"]]).text(indent: "> ")
                == "> a    b\n> xyz\n>      long")
    }

    @Test("A table without rows is its titles")
    func noRows() { #expect(TextTable(titles: ["a", "b"], rows: []).text() == "a  b") }
}
