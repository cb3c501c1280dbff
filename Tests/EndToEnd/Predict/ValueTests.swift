import Foundation
import TestSupport
import Testing

/// What a field's value may be, compared with Python's `float` and `repr`.
@Suite struct ValueTests {
    /// JSON numbers, and what Python prints for each.
    private static let numbers = [
        ("3", "3.0"), ("42.0", "42.0"), ("1e2", "100.0"), ("1E+2", "100.0"), ("0.1", "0.1"), ("1e-4", "0.0001"),
        ("0.00009999999999999999", "9.999999999999999e-05"), ("1e-5", "1e-05"),
        ("9999999999999998", "9999999999999998.0"),
        ("1e16", "1e+16"), ("12345678901234567", "1.2345678901234568e+16"),
        ("123456789012345678", "1.2345678901234568e+17"), ("1234567890123456789", "1.2345678901234568e+18"),
        ("12345678901234567890", "1.2345678901234567e+19"),
        ("0.1234567890123456789012345", "0.12345678901234568"),
        ("0.0000000000000000000000000123456789", "1.23456789e-26"), ("0.1000000000000000055511151231257827", "0.1"),
        ("0.30000000000000004440892098500626", "0.30000000000000004"), ("9007199254740993", "9007199254740992.0"),
        ("9007199254740992.5", "9007199254740992.0"), ("9007199254740993.0000000000000000001", "9007199254740994.0"),
        ("1e-99999999999999999999", "0.0"), ("0e99999999999999999999", "0.0"), ("4.9e-324", "5e-324"),
        ("2.4703282292062327e-324", "0.0"), ("2.4703282292062328e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("1.7976931348623158e308", "1.7976931348623157e+308"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"), ("1e00000000000000000002", "100.0"),
        ("0.000000000000000000000000000000000000000000001e45", "1.0"), ("100000000000000000000000000000e-29", "1.0"),
    ]

    @Test(
        "a value is a JSON number, or a JSON string that holds one in JSON's own syntax, converted to the nearest float64",
        .proves("C1.11")
    )
    func numbers() throws {
        let client = try PredictClient()
        for (text, repr) in Self.numbers {
            #expect(try client.outcome(sentAs: text) == .accepted(repr), "\(text)")
            #expect(try client.outcome(sentAs: "\"\(text)\"") == .accepted(repr), "\"\(text)\"")
            #expect(try client.outcome("Population", sentAs: " \t\r\n\(text)\n") == .accepted(repr), "\(text)")
        }
        #expect(try client.outcome(sentAs: #""\u0033""#) == .accepted("3.0"))
        #expect(try client.outcome(sentAs: #""\u0031\u0065\u002b2""#) == .accepted("100.0"))
    }

    @Test("integers of any length are numbers", .proves("C1.12"))
    func longIntegers() throws {
        let client = try PredictClient()
        #expect(try client.outcome(sentAs: "1" + String(repeating: "0", count: 60)) == .accepted("1e+60"))
        #expect(try client.outcome(sentAs: String(repeating: "1", count: 40)) == .accepted("1.1111111111111112e+39"))
        #expect(try client.outcome(sentAs: "0." + String(repeating: "0", count: 400) + "1") == .accepted("0.0"))
        #expect(try client.outcome(sentAs: "1." + String(repeating: "0", count: 5000) + "1") == .accepted("1.0"))
        #expect(try client.outcome(sentAs: String(repeating: "9", count: 310)) == .refused("finite_number"))
    }

    @Test("a string that does not hold one number in JSON's own syntax is float_parsing", .proves("C1.11"))
    func malformedStrings() throws {
        let client = try PredictClient()
        let texts = [
            "", " ", " 3", "3 ", "\\n3", "+3", "0x1", "NaN", "nan", "Infinity", "-Infinity", "inf", "1_0", "٣", "３",
            "01",
            "-", "--1", ".5", "5.", "1e", "1e+", "1e2.5", "1,5", "1 2", "true", "null", "[1]", "\\u0000", "3\\u0000",
            "−1",
            "1f", "1d", "1.0.0", "\\ud83d\\ude00",
        ]
        for text in texts { #expect(try client.outcome(sentAs: "\"\(text)\"") == .refused("float_parsing"), "\(text)") }
    }

    @Test("a grammatical number that overflows, also in a string, is finite_number at its own loc", .proves("C1.13"))
    func overflow() throws {
        let client = try PredictClient()
        let texts = ["1e999", "-1e999", "1.7976931348623159e308", "1e99999999999999999999", "123456789e301"]
        for text in texts {
            for field in ["MedInc", "Longitude"] {
                #expect(try client.outcome(field, sentAs: text) == .refused("finite_number", field), "\(text)")
                #expect(try client.outcome(field, sentAs: "\"\(text)\"") == .refused("finite_number", field), "\(text)")
            }
        }
    }

    @Test("a number that overflows is ignored in an unknown field", .proves("C1.13"))
    func overflowInUnknownField() throws {
        let client = try PredictClient()
        let plain = try client.predict(RecordText.good.batch)
        for value in ["1e999", "-1e99999999999999999999", "[1e999]", #"{"MedInc":1e999}"#] {
            #expect(try client.predict(RecordText.good.adding("x", value).batch).body == plain.body, "\(value)")
        }
    }

    @Test(
        "the JSON integer -0 is 0.0; -0.0, -0e5 and \"-0\" keep their sign, in inputs and in the key", .proves("C1.14"))
    func negativeZero() throws {
        let client = try PredictClient()
        #expect(try client.outcome(sentAs: "-0") == .accepted("0.0"))
        #expect(try client.outcome(sentAs: "-0 ") == .accepted("0.0"))
        let negative = ["-0.0", "-0e5", "-0E-0", "\"-0\"", "\"-0.0\"", "-0.00000000000000000000000000", "-1e-999"]
        for text in negative { #expect(try client.outcome(sentAs: text) == .accepted("-0.0"), "\(text)") }
        func key(_ value: String) throws -> String {
            try client.predict(RecordText.good.with("MedInc", value).batch).queryKey()
        }
        #expect(try key("-0") == key("0"))
        #expect(try key("-0") != key("-0.0"))
        #expect(try Set(negative.map(key)).count == 1)
    }

    @Test("true, null, arrays and objects are invalid values", .proves("C1.15"))
    func wrongTypes() throws {
        let client = try PredictClient()
        for text in ["true", "false", "null", "[]", "[3]", "{}", #"{"MedInc":3}"#, "[[[{\"a\":[]}]]]"] {
            #expect(try client.outcome(sentAs: text) == .refused("float_type"), "\(text)")
        }
    }

    @Test(
        "bounds of each field are inclusive: the types are greater_than_equal and less_than_equal",
        .proves("C1.3", "C1.4", "C1.5", "C1.6", "C1.7", "C1.8", "C1.9", "C1.10"))
    func bounds() throws {
        let client = try PredictClient()
        for name in RecordText.names {
            let low = name == "Latitude" ? -90.0 : name == "Longitude" ? -180.0 : 0
            #expect(try client.outcome(name, sentAs: "\(low)") == .accepted("\(low)"))
            #expect(try client.outcome(name, sentAs: "\(low.nextDown)") == .refused("greater_than_equal", name))
            guard low < 0 else { continue }
            #expect(try client.outcome(name, sentAs: "\(-low)") == .accepted("\(-low)"))
            #expect(try client.outcome(name, sentAs: "\"\((-low).nextUp)\"") == .refused("less_than_equal", name))
        }
    }
}
