import Foundation

/// The contract as sentences: the units that a test, or a few, can prove.
///
/// The rules are few, so that whoever edits the contract can foresee what a sentence is:
/// - A `##` heading begins a section, named by its number, else by its text. A heading is no sentence, and what stands
///   before the first section only says what the document is.
/// - A row of a table is one sentence; the row above the dashes names the columns and is none.
/// - A code block belongs to the sentence before it.
/// - A paragraph or an item of a list ends at a full stop that a blank and no small letter follow, and at a `·`; neither
///   counts in parentheses or between backticks. White space is one blank.
struct ContractText {
    /// A sentence, and the section that it stands in.
    struct Sentence: Equatable {
        let section: String
        var text: String
    }

    private(set) var sentences: [Sentence] = []
    private var section: String?
    private var paragraph = ""
    private var isInFence = false

    init(_ markdown: String) {
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) { read(line) }
        endParagraph()
    }

    private mutating func read(_ line: Substring) {
        let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if line.hasPrefix("```") {
            endParagraph()
            isInFence.toggle()
        } else if isInFence || (line.hasPrefix("    ") && paragraph.isEmpty) {
            if let last = sentences.indices.last { sentences[last].text += words.isEmpty ? "" : " \(words)" }
        } else if line.hasPrefix("#") {
            endParagraph()
            let number = words.prefixMatch(of: /##+ ([0-9]+)\./)?.output.1
            section = line.hasPrefix("# ") ? nil : number.map(String.init) ?? words
        } else if line.hasPrefix("|") {
            endParagraph()
            readRow(words)
        } else if words.isEmpty || line.hasPrefix("- ") {
            endParagraph()
            paragraph = String(words.dropFirst(2))
        } else {
            paragraph += paragraph.isEmpty ? words : " \(words)"
        }
    }

    private mutating func readRow(_ row: String) {
        if row.allSatisfy("|-: ".contains) {
            if !sentences.isEmpty { sentences.removeLast() }
        } else {
            add(row.trimmingCharacters(in: CharacterSet(charactersIn: "| ")))
        }
    }

    private mutating func endParagraph() {
        var sentence = ""
        var isInCode = false
        var depth = 0
        var rest = Substring(paragraph)
        while let character = rest.popFirst() {
            sentence.append(character)
            switch character {
            case "`": isInCode.toggle()
            case "(" where !isInCode: depth += 1
            case ")" where !isInCode: depth = max(0, depth - 1)
            case "." where !isInCode && depth == 0 && Self.begins(rest), "·" where !isInCode && depth == 0:
                add(sentence)
                sentence = ""
            default: break
            }
        }
        add(sentence)
        paragraph = ""
    }

    /// Whether this can be the beginning of a sentence, with the blank before it.
    private static func begins(_ text: Substring) -> Bool {
        text.first == " " && text.dropFirst().first?.isLowercase == false
    }

    private mutating func add(_ text: String) {
        let words = text.trimmingCharacters(in: CharacterSet(charactersIn: "· "))
        if let section, !words.isEmpty { sentences.append(Sentence(section: section, text: words)) }
    }
}
