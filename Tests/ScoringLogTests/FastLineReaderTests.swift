import TestSupport
import Testing

@testable import ScoringLog

/// The fast reader of our own lines against the reader of all lines.
@Suite struct FastLineReaderTests {
    private static let lines = [
        #"127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#,
        #"127.0.0.1 - - [28/Feb/2027:23:59:59 -0730] "GET /test HTTP/1.0" 503 0"#,
        "X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f", "X-Ms-Request-Id: a_B-9",
        "Prediction took 0.0312 ms", "Predictions took 12345.6789 ms", "Prediction took 7.5 ms",
    ]

    private static func readBoth(
        _ line: [UInt8], with reader: inout FastLineReader
    ) -> (ScoringLogLine?, ScoringLogLine) {
        line.withUnsafeBytes { (reader.read($0), ScoringLogLine($0)) }
    }

    @Test(
        "a line as we write it is read by the fast reader", arguments: lines)
    func ownLine(line: String) {
        var reader = FastLineReader()
        // The second time it knows the second already.
        for _ in 0..<2 {
            let (fast, general) = Self.readBoth(Array(line.utf8), with: &reader)
            #expect(fast == general)
        }
    }

    @Test(
        "whatever the fast reader reads, the reader of all lines reads the same", arguments: 0..<20)
    func agreement(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array(" .:\"\\[]/+-0123456789eExXsma_~\0\u{7F}ä".utf8)
        var reader = FastLineReader()
        var readCount = 0
        for _ in 0..<2000 {
            var line = Array((Self.lines.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let position = Int.random(in: 0..<max(line.count, 1), using: &generator)
                let byte = alphabet.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: line.insert(byte, at: min(position, line.count))
                case 1: line.removeSubrange(min(position, line.count)..<min(position + 1, line.count))
                case 2: line.removeLast(min(line.count, position))
                default: if !line.isEmpty { line[position] = byte }
                }
            }
            let (fast, general) = Self.readBoth(line, with: &reader)
            let own = line.withUnsafeBytes { (reader.ownAccess($0), reader.ownScoring($0)) }
            if let (second, status, bodyBytes) = own.0 {
                let access = ScoringLogLine.access(
                    secondsSince1970: second, status: status, bodyBytes: bodyBytes, isScoring: true)
                #expect(access == general, "\(String(decoding: line, as: UTF8.self))")
            }
            if let (milliseconds, kind) = own.1 {
                #expect(.scoring(milliseconds: milliseconds, modelKind: kind) == general)
            }
            guard let fast else { continue }
            readCount += 1
            #expect(fast == general, "\(String(decoding: line, as: UTF8.self))")
        }
        #expect(readCount > 500)
    }

    @Test(
        "A log says the same in one piece, in which blocks are read at once, and in pieces of a line or less",
        arguments: 0..<40)
    func blocks(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var text = Array((0..<60).map { Self.block($0) }.joined().utf8)
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let position = Int.random(in: 0..<text.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: text.insert(Array("1-X.P \n\"\r".utf8).randomElement(using: &generator) ?? 0, at: position)
            case 1:
                text.removeSubrange(position..<min(position + Int.random(in: 1...90, using: &generator), text.count))
            default: text[position] ^= 1 << UInt8(Int.random(in: 0..<7, using: &generator))
            }
        }
        let whole = Self.read(text, pieceCount: text.count)
        #expect(whole == Self.read(text, pieceCount: Int.random(in: 1...80, using: &generator)))
        #expect(whole.requests.count > 40)
    }

    private static func block(_ number: Int) -> String {
        let id = "5afbcc69-eec4-4661-9108-0714\(String(number * 7_654_321 + 1 << 28, radix: 16))"
        let status = number % 11 == 7 ? 503 : 200
        let access =
            #"127.0.0.1 - - [21/Nov/2026:07:26:0\#(number / 8) +0000] "POST /predict HTTP/1.1" \#(status) \#(number * 3) "-" "-""#
        let rest = "X-Ms-Request-Id: \(id)\nPrediction\(number % 2 == 0 ? "" : "s") took \(number).0312 ms\n"
        return access + "\n" + (status == 200 ? rest : "")
    }

    private struct Reading: Equatable {
        var requests: [LoggedRequest] = []
        var counts = ScoringLogCounts()
    }

    private static func read(_ text: [UInt8], pieceCount: Int) -> Reading {
        var reading = Reading()
        var parser = ScoringLogParser(
            layout: ScoringLogLayout(isContiguous: true, hasOwnIDs: true, hasOwnTimes: true))
        for start in stride(from: 0, to: text.count, by: pieceCount) {
            text[start..<min(start + pieceCount, text.count)].withUnsafeBytes { piece in
                parser.read(piece) { reading.requests.append($0) }
            }
        }
        parser.finish { reading.requests.append($0) }
        reading.counts = parser.counts
        return reading
    }
}
