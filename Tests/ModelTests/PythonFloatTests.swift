import Foundation
import Model
import TestSupport
import Testing

/// Numbers as text, held against a real Python.
@Suite struct PythonFloatTests {
    @Test(
        "known numbers are printed as Python prints them",
        arguments: [
            (0.0, "0.0"), (-0.0, "-0.0"), (42, "42.0"), (8.3252, "8.3252"), (-122.23, "-122.23"), (0.0001, "0.0001"),
            (0.00001, "1e-05"), (1e16, "1e+16"), (-12345678901234568, "-1.2345678901234568e+16"),
            (1e15, "1000000000000000.0"),
            (9007199254740992, "9007199254740992.0"), (9999999999999998, "9999999999999998.0"),
            (.leastNonzeroMagnitude, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (0.1 + 0.2, "0.30000000000000004"),
            (18014398509481984, "1.8014398509481984e+16"), (9999999999.9999, "9999999999.9999"), (100.05, "100.05"),
        ] as [(Double, String)])
    func knownNumbers(value: Double, text: String) {
        #expect(python(value) == text)
    }

    @Test(
        "a list of numbers as they are printed is distinguished from every other text",
        arguments: [
            ("[1.0]", 1), ("[-0.0,0.5]", 2), ("[4.139092164701125,-12.25,0.0001]", 3), ("[9999999999999998.0]", 1),
        ])
    func printedLists(text: String, count: Int) {
        #expect(isList(text, count))
        // Another count, a cut at any place, a blank, or another byte after it.
        #expect(!isList(text, count + 1) && (count == 1 || !isList(text, count - 1)))
        for cut in 0..<text.utf8.count { #expect(!isList(String(text.prefix(cut)), count)) }
        #expect(!isList(text + " ", count) && !isList(" " + text, count) && !isList(text + "]", count))
        #expect(!isList(text.replacing("[", with: "[ "), count))
    }

    @Test(
        "a text that is not a number, or is printed in another way, is not a list of printed numbers",
        arguments: [
            "[]", "[1]", "[1.]", "[.5]", "[01.0]", "[1.50]", "[1.00]", "[-]", "[--1.0]", "[+1.0]", "[1e5]", "[1.0e5]",
            "[0.00001]", "[1e-05]", "[NaN]", "[inf]", "[\"1.0\"]", "[1.0,]", "[[1.0]]", "{1.0}", "[1.0", "[1.0.0]",
            "[12345678901234567.0]", "[0.12345678901234567890]", "[1,0]", "",
        ])
    func otherLists(text: String) {
        #expect(!isList(text, 1))
    }

    private func isList(_ text: String, _ count: Int) -> Bool {
        Array(text.utf8).withUnsafeBytes { PythonFloat.isList($0, count: count) }
    }

    /// Random bit patterns reach every exponent; the rest are numbers as people send them, and powers of two, whose
    /// shortest digits are the hardest to get right.
    @Test("100 000 random float64 bit patterns are printed as a real Python prints them", .proves("C1.24"))
    func randomBitPatterns() throws {
        var generator = SeededGenerator(seed: 20_640)
        var values: [Double] = []
        while values.count < 100_000 {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { values.append(value) }
        }
        for _ in 0..<20_000 {
            let digits = Double(Int64.random(in: -99_999_999_999...99_999_999_999, using: &generator))
            values.append(digits / [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e9][Int.random(in: 0..<8, using: &generator)])
        }
        values += (-1074...1023).map { Double(sign: .plus, exponent: $0, significand: 1) }
        values += (0...2_000).map { 1e16.nextDown - Double($0) * 2 } + (0...2_000).map { 1e16 + Double($0) * 1e12 }

        let expected = try reprs(of: values)
        #expect(expected.count == values.count)
        for value in values where value == 0 || (1e-4..<1e15).contains(value.magnitude) {
            #expect(isList("[\(python(value))]", 1), "\(value)")
        }
        let wrong = zip(values, expected).first { python($0) != $1 }
        #expect(wrong == nil)
    }

    private func python(_ value: Double) -> String {
        String(unsafeUninitializedCapacity: PythonFloat.maximumLength) { buffer in
            buffer.baseAddress.map { PythonFloat.write(value, to: $0) } ?? 0
        }
    }

    private func reprs(of values: [Double]) throws -> [String] {
        let input = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString).bits")
        defer { try? FileManager.default.removeItem(at: input) }
        try values.map { String($0.bitPattern, radix: 16) }.joined(separator: "\n")
            .write(to: input, atomically: true, encoding: .utf8)
        let program = """
            import struct, sys
            for line in open(sys.argv[1]): print(repr(struct.unpack('<d', int(line, 16).to_bytes(8, 'little'))[0]))
            """
        let python = try ChildProcess.run("python3", ["-c", program, input.path])
        try #require(python.exitCode == 0, "\(python.error)")
        return python.output.split(separator: "\n").map(String.init)
    }
}
