import Files
import Foundation
import TestSupport
import Testing

/// Reading gzip, whole and damaged.
@Suite struct GzipTests {
    private static let text = String(repeating: "Prediction took 0.0312 ms\n", count: 20_000)

    private func read(_ data: Data) throws -> (text: String, damage: GzipDamage?) {
        let folder = try TemporaryFolder()
        let file = TextFile(path: try folder.write(data, to: "log.gz"))
        var (bytes, damage) = (Data(), GzipDamage?.none)
        try file.forEachPiece({ bytes.append(contentsOf: $0) }, onDamage: { damage = $0 })
        return (String(decoding: bytes, as: UTF8.self), damage)
    }

    @Test("A gzip is read as its text, and several in a row as one")
    func whole() throws {
        let member = try SavedLogs.gzip(Data(Self.text.utf8))
        for (data, count) in [(member, 1), (member + member, 2), (member + Data(count: 512), 1)] {
            let (text, damage) = try read(data)
            #expect(text == String(repeating: Self.text, count: count) && damage == nil)
        }
        #expect(try read(SavedLogs.gzip(Data())).text.isEmpty)
    }

    @Test("A gzip that ends too early, is damaged, or is followed by something is named, and the rest is read")
    func damaged() throws {
        let member = try SavedLogs.gzip(Data(Self.text.utf8))
        for length in [2, 9, member.count / 2, member.count - 1] {
            let (text, damage) = try read(member.prefix(length))
            #expect(damage == .truncated && Self.text.hasPrefix(text), "\(length)")
        }
        var flipped = member
        flipped[member.count - 6] ^= 1
        #expect(try read(flipped).damage == .corrupt)
        #expect(try read(member + Data("more".utf8)) == (Self.text, .corrupt))
    }

    @Test("A gzip that expands to more than 1000 times its size is not read beyond 64 MiB", .proves("T48"))
    func bomb() throws {
        let bomb = try SavedLogs.gzip(Data(count: 80 << 20))
        let folder = try TemporaryFolder()
        let file = TextFile(path: try folder.write(bomb, to: "bomb.gz"))
        var (count, damage) = (0, GzipDamage?.none)
        try file.forEachPiece({ count += $0.count }, onDamage: { damage = $0 })
        // Half of the bytes are left where two of them become one character.
        #expect(damage == .bomb && count < 66 << 20)
        let error = #expect(throws: OperatorError.self) { try file.forEachPiece { _ in } }
        #expect(error?.description.contains("bomb.gz is a gzip that expands to more than 1000 times its size") == true)
    }
}
