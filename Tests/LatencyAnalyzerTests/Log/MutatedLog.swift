import Foundation
import TestSupport

/// A log that a server could have written, the truth about it, and the changes made to it.
struct MutatedLog {
    /// A block of the log.
    struct Block {
        let second: Int
        let status: Int
        /// Nil for a rejected request.
        let id: String?
        let milliseconds: String

        var lines: [String] {
            let time = String(format: "%02d:%02d:%02d", 11, second / 60, second % 60)
            let access =
                "127.0.0.1 - - [21/Nov/2026:\(time) +0000] \"POST /predict HTTP/1.1\" \(status) 229 \"-\" \"-\""
            guard let id else { return [access] }
            return [access, "X-Ms-Request-Id: \(id)", "Prediction took \(milliseconds) ms"]
        }
    }

    private(set) var blocks: [Block] = []
    private(set) var bytes: [UInt8] = []
    /// The changes made, for failure messages.
    private(set) var history: [String] = []
    private var lines: [String] = []
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        // A piece of a log's only id cannot be recognized as incomplete.
        repeat { blocks = Self.log(from: 0, using: &generator) } while blocks.count(where: { $0.id != nil }) < 3
        lines = blocks.flatMap(\.lines)
        change()
        bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        // If the first copy is cut away, the repetition cannot be recognized.
        if Bool.random(using: &generator), history != ["lines repeated"] { changeBytes() }
    }

    private static func log(from first: Int, using generator: inout SeededGenerator) -> [Block] {
        var second = 0
        return (0..<Int.random(in: 3...24, using: &generator)).map { index in
            second += Int.random(in: 0...2, using: &generator)
            let isRejected = Int.random(in: 0..<5, using: &generator) == 0
            let id = RequestIDText.random(using: &generator)
            // No two blocks have the same time, so that a time identifies its block.
            return Block(
                second: second, status: isRejected ? [422, 503][index % 2] : 200, id: isRejected ? nil : id,
                milliseconds: String(format: "%d.%04d", first + index, Int.random(in: 0..<10_000, using: &generator)))
        }
    }

    /// Positions at which blocks begin, in lines.
    private var starts: [Int] { lines.indices.filter { lines[$0].hasPrefix("127") } }

    private mutating func place() -> Int { Int.random(in: 0..<lines.count, using: &generator) }

    private mutating func blockRange() -> Range<Int> {
        let starts = starts
        let index = Int.random(in: 0..<starts.count, using: &generator)
        return starts[index]..<(index + 1 < starts.count ? starts[index + 1] : lines.count)
    }

    private mutating func change() {
        let kind = Int.random(in: 0..<13, using: &generator)
        let kinds = [
            "nothing", "lines dropped", "block dropped", "line doubled", "block doubled", "blocks swapped",
            "lines swapped",
            "interleaved", "joined to itself", "joined to another", "prefixed", "some prefixed",
            "lines repeated",
        ]
        history.append(kinds[kind])
        switch kind {
        case 1: lines.removeSubrange(place()..<lines.count, upTo: Int.random(in: 1...2, using: &generator))
        case 2: lines.removeSubrange(blockRange())
        case 3:
            // Two lines of rejected requests may be equal, so a second one could hide a missing one.
            let index = place()
            if !isRejected(lines[index]) { lines.insert(lines[index], at: index) }
        case 4:
            let block = Array(lines[blockRange()])
            if !isRejected(block[0]) { lines.insert(contentsOf: block, at: place(ofStart: true)) }
        case 5: swapBlocks()
        case 6:
            let index = place()
            if index + 1 < lines.count { lines.swapAt(index, index + 1) }
        case 7: interleave()
        case 8: lines += lines
        case 9: joinAnother()
        case 10: prefix()
        case 11:
            for _ in 0..<3 {
                let index = place()
                lines[index] = "2026-11-21T11:28:10.1Z " + lines[index]
            }
        case 12: repeatLines()
        default: break
        }
    }

    /// Repeats some lines further down, from any line to any other, as when files overlap.
    private mutating func repeatLines() {
        let ends = [place(), place()].sorted()
        let part = Array(lines[ends[0]...ends[1]])
        // Fewer requests cannot be distinguished from those of a caller that sends an id again.
        guard part.dropFirst(2).dropLast(2).count(where: { $0.hasPrefix("Prediction") }) >= 4 else { return }
        lines.insert(contentsOf: part, at: Int.random(in: ends[1] + 1...lines.count, using: &generator))
    }

    private func isRejected(_ line: String) -> Bool { line.contains(" 422 ") || line.contains(" 503 ") }

    private mutating func place(ofStart: Bool) -> Int { starts.randomElement(using: &generator) ?? 0 }

    private mutating func swapBlocks() {
        let (one, other) = (blockRange(), blockRange())
        guard one.upperBound <= other.lowerBound else { return }
        let (block, otherBlock) = (Array(lines[one]), Array(lines[other]))
        lines.replaceSubrange(other, with: block)
        lines.replaceSubrange(one, with: otherBlock)
    }

    private mutating func interleave() {
        let others = Self.log(from: 100, using: &generator)
        blocks += others
        var (left, right) = (lines[...], others.flatMap(\.lines)[...])
        // Line by line, or as two writers with buffers do, a few lines at a time.
        let longest = Int.random(in: 1...3, using: &generator)
        lines = []
        while !left.isEmpty || !right.isEmpty {
            let isLeft = right.isEmpty || !left.isEmpty && Bool.random(using: &generator)
            let count = Int.random(in: 1...longest, using: &generator)
            if isLeft { lines += left.prefix(count) } else { lines += right.prefix(count) }
            if isLeft { left = left.dropFirst(count) } else { right = right.dropFirst(count) }
        }
    }

    private mutating func joinAnother() {
        let others = Self.log(from: 100, using: &generator)
        blocks += others
        lines += others.flatMap(\.lines)
    }

    private mutating func prefix() {
        let forms: [LogForm] = [.timestamps, .prefix, .prefixAndTimestamps, .compose, .cri, .stern, .dockerJSON]
        let form = forms.randomElement(using: &generator) ?? .timestamps
        lines = form.text(lines.map { ("bungalow-6c9d7f5b48-abcde", $0) }).split(separator: "\n").map(String.init)
    }

    /// Cuts the text at one end, or removes a line's end, with or without its line feed.
    private mutating func changeBytes() {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            history.append("end cut")
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
        case 1:
            history.append("beginning cut")
            bytes.removeFirst(Int.random(in: 0...bytes.count, using: &generator))
        default:
            let ends = bytes.indices.filter { bytes[$0] == 0x0A }
            guard let end = ends.randomElement(using: &generator) else { return }
            let start = ends.last { $0 < end }.map { $0 + 1 } ?? 0
            // One byte stays: a line without any byte would be a dropped line.
            let cut = Int.random(in: min(start + 1, end)...end, using: &generator)
            let keepsLineFeed = Bool.random(using: &generator)
            history.append("line torn\(keepsLineFeed ? "" : ", joined to the next")")
            bytes.removeSubrange(cut..<end + (keepsLineFeed ? 0 : 1))
        }
    }
}

extension [String] {
    fileprivate mutating func removeSubrange(_ range: Range<Int>, upTo count: Int) {
        removeSubrange(range.lowerBound..<Swift.min(range.lowerBound + count, range.upperBound))
    }
}

/// Ids in the form that the server makes.
private enum RequestIDText {
    static func random(using generator: inout SeededGenerator) -> String {
        let text = String(generator.next() | 1 << 63, radix: 16) + String(generator.next() | 1 << 63, radix: 16)
        let digits = Array(text)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        return "\(groups[0])-\(groups[1])-4\(groups[2].dropFirst())-8\(groups[3].dropFirst())-\(groups[4])"
    }
}
