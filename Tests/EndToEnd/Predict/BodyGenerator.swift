import TestSupport

/// Makes request bodies, good and bad, always the same ones for a seed.
struct BodyGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The next body: four in ten are valid, the others break one rule or many.
    mutating func next() -> [UInt8] {
        switch roll(20) {
        case 0..<8: Array(text(of: validRecords()).utf8)
        case 8..<13: Array(text(of: mixedRecords()).utf8)
        case 13..<18: mutated(Array(text(of: roll(2) == 0 ? validRecords() : mixedRecords()).utf8))
        case 18: Array(unusual().utf8)
        default: Array(nested().utf8)
        }
    }

    // MARK: Batches

    private typealias Record = [(key: String, value: String)]

    private mutating func validRecords() -> [Record] {
        (0..<1 + roll(3)).map { _ in
            var record = RecordText.names.map { ($0, validValue($0)) }
            if roll(4) == 0 { record.shuffle(using: &random) }
            if roll(4) == 0 { record.insert((unknownKey(), anyValue(depth: 0)), at: roll(record.count + 1)) }
            if roll(6) == 0 { record.insert((pick(RecordText.names), anyValue(depth: 0)), at: 0) }
            return record.map { (roll(8) == 0 ? escaped($0.0) : $0.0, $0.1) }
        }
    }

    /// Records in which any member may be missing, invalid, repeated or unknown, and which may be no records.
    private mutating func mixedRecords() -> [Record] {
        var records = validRecords()
        for _ in 0...roll(4) {
            let row = roll(records.count)
            let member = roll(max(1, records[row].count))
            guard member < records[row].count else { continue }
            switch roll(6) {
            case 0: records[row].remove(at: member)
            case 1: records[row].append((pick(RecordText.names), anyValue(depth: 0)))
            case 2: records[row].insert((unknownKey(), anyValue(depth: 0)), at: member)
            case 3: records[row][member].value = outOfBounds()
            default: records[row][member].value = anyValue(depth: 0)
            }
        }
        return records
    }

    private mutating func text(of records: [Record]) -> String {
        var elements = records.map { record in
            "{" + record.map { "\"\($0.key)\"\(space()):\(space())\($0.value)\(space())" }.joined(separator: ",") + "}"
        }
        if roll(25) == 0 { elements.insert(anyValue(depth: 0), at: roll(elements.count + 1)) }
        return "\(space())[\(space())" + elements.joined(separator: "\(space()),") + "\(space())]\(space())"
    }

    private mutating func unusual() -> String {
        switch roll(8) {
        case 0: "[" + String(repeating: "{},", count: 999 + roll(3)) + "{}]"
        case 1: "\u{feff}" + text(of: validRecords())
        case 2: text(of: validRecords()) + pick(["x", "]", ",", "[]", "\u{0}", "1", "\"", "\u{feff}"])
        case 3: pick(["", "[]", "[ ]", "[\n]", "{}", " ", "[", "null", "\"\"", "[[]]", "[{}]", "[{},{}]"])
        case 4: String(repeating: "[", count: roll(200))
        default: anyValue(depth: 0)
        }
    }

    /// A value about as deep as the limit, in one of the places where a value can be.
    private mutating func nested() -> String {
        let depth = 60 + roll(6)
        let (open, close) = pick([("[", "]"), ("{\"a\":", "}"), ("[1,{\"MedInc\":[", "]}]")])
        let deep = String(repeating: open, count: depth) + number() + String(repeating: close, count: depth)
        guard roll(3) > 0 else { return "[\(deep)]" }
        return text(of: [RecordText.good.fields + [(roll(2) == 0 ? "MedInc" : "x", deep)]])
    }

    // MARK: Values

    private mutating func validValue(_ name: String) -> String {
        let text: String
        switch name {
        case "Latitude", "Longitude": text = (roll(2) == 0 ? "-" : "") + smallNumber()
        default: text = roll(3) == 0 ? smallNumber() : number()
        }
        return roll(4) == 0 ? "\"\(text)\"" : text
    }

    private mutating func anyValue(depth: Int) -> String {
        switch roll(16) {
        case 0..<5: number()
        case 5: "-" + number()
        case 6, 7: "\"\(number())\""
        case 8: "\"\(characters())\""
        case 9: pick(["true", "false", "null", "-0", "-0.0", "\"-0\"", "-0e5"])
        case 10: pick(["1e999", "-1e999", "\"1e999\"", "1e99999999999999999999", "1.8e308"])
        case 11: malformedNumber()
        case 12: "\"\(malformedNumber())\""
        case 13 where depth < 3:
            "[" + (0..<roll(4)).map { _ in anyValue(depth: depth + 1) }.joined(separator: ", ") + "]"
        case 14 where depth < 3:
            "{" + (0..<roll(4)).map { _ in "\"\(characters())\":\(anyValue(depth: depth + 1))" }.joined(separator: ",")
                + "}"
        default: smallNumber()
        }
    }

    /// At most 90, with up to 45 digits.
    private mutating func smallNumber() -> String {
        switch roll(5) {
        case 0: String(roll(91))
        case 1: "0.\(digits(1 + roll(45)))"
        case 2: "\(roll(90)).\(digits(1 + roll(30)))"
        case 3: "\(1 + roll(8)).\(digits(1 + roll(22)))e\(pick(["", "+", "-", "+00", "-0"]))\(roll(2))"
        default: "0.\(String(repeating: "0", count: roll(40)))\(digits(1 + roll(25)))"
        }
    }

    /// At least 0; now and then at the edges of what a double holds.
    private mutating func number() -> String {
        switch roll(10) {
        case 0: String(random.next() >> UInt64(roll(64)))
        case 1: nonZero() + digits(15 + roll(8))
        case 2: nonZero() + digits(roll(400) % 300)
        case 3: "\(Double(bitPattern: random.next() >> 1 & 0x7FDF_FFFF_FFFF_FFFF))"
        // Halfway between two doubles, and a breath above.
        case 4:
            String((1 << 53) + random.next() >> 11 | 1) + pick(["", ".0", ".000000000000000000000001", "e0", "0e-1"])
        case 5: "\(nonZero()).\(digits(1 + roll(25)))E\(pick(["", "+", "-"]))\(roll(310))"
        case 6: "0.\(digits(18 + roll(10)))e\(roll(40))"
        case 7: "\(nonZero())e-\(pick(["323", "324", "325", "400", "9223372036854775808", "99999999999999999999"]))"
        case 8: "0e\(digits(1 + roll(22)))"
        default: smallNumber()
        }
    }

    private mutating func outOfBounds() -> String {
        pick([
            "-1", "-0.5", "-1e-300", "-5e-324", "90.00000000000001", "180.00000000000003", "-90.00000000000001", "-181",
            "\"-7\"",
        ])
    }

    private mutating func malformedNumber() -> String {
        pick([
            "01", "+1", ".5", "5.", "1e", "1e+", "0x1", "1_0", "--1", "-", "NaN", "Infinity", "-Infinity", "1 2", "",
            " 1", "1 ",
            "1.e5", "1.5.", "00", "-01", "1,0", "1f", "٣", "1e5.5", "\\n1", "\\u0031", "\\u0031\\u0065\\u0032",
            "1\\u0000",
        ])
    }

    private mutating func nonZero() -> String { String(1 + roll(9)) }

    private mutating func digits(_ count: Int) -> String {
        String((0..<count).map { _ in Character(UnicodeScalar(UInt8(48 + roll(10)))) })
    }

    // MARK: Strings and bytes

    private mutating func characters() -> String {
        (0..<roll(roll(20) == 0 ? 150 : 6)).map { _ in
            pick([
                "a", "MedInc", "é", "€", "😀", "\u{301}", "\\n", "\\\"", "\\\\", "\\/", "\\u0000", "\\ud83d\\ude00",
                "\\u00e9", "\\uFFFF",
                " ", "1", "[", "}", ",", ":", roll(12) == 0 ? "\\ud800" : "b", roll(12) == 0 ? "\\udc00" : "c",
                roll(12) == 0 ? "\\x" : "d", roll(12) == 0 ? "\t" : "e",
            ])
        }.joined()
    }

    private mutating func unknownKey() -> String {
        pick(["x", "", "medinc", "MedInc ", "MedInc\\u0000", "Medinc", "Latitud", "LatitudeX", characters()])
    }

    /// The key with some of its characters written as escapes.
    private mutating func escaped(_ key: String) -> String {
        key.unicodeScalars.map { scalar in
            roll(3) > 0 ? String(scalar) : "\\u00\(String(scalar.value, radix: 16, uppercase: roll(2) == 0))"
        }.joined()
    }

    private mutating func space() -> String {
        roll(12) == 0 ? pick([" ", "\n", "\t", "\r", "  ", "\r\n", roll(10) == 0 ? "\u{b}" : " "]) : ""
    }

    /// The bytes with one to three of them removed, added, changed, moved or repeated.
    private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...roll(3) {
            let place = roll(bytes.count + 1)
            let end = min(bytes.count, place + 1 + roll(12))
            switch roll(7) {
            case 0: bytes.removeSubrange(place..<min(bytes.count, place + 1))
            case 1: bytes.insert(pick(Array("{}[]\",:\\ -+.eE0123456789tfnu\n\0".utf8)), at: place)
            case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
            case 3 where place < bytes.count: bytes[place] = pick(Array("{}[]\",:\\ -+.eE09".utf8))
            case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8(roll(8))
            case 5: bytes.insert(contentsOf: bytes[place..<end], at: place)
            default: if roll(4) == 0 { bytes.removeSubrange(end...) } else { bytes.removeSubrange(place..<end) }
            }
        }
        return bytes
    }

    private mutating func roll(_ sides: Int) -> Int { Int(random.next() % UInt64(sides)) }

    private mutating func pick<Element>(_ choices: [Element]) -> Element { choices[roll(choices.count)] }
}
