import Foundation
import TestSupport
import Testing

/// What a body may look like around its values.
@Suite struct BodyFormTests {
    private static let good = RecordText.good

    @Test("unknown fields of any JSON type are ignored and not echoed", .proves("C1.16"))
    func unknownFields() throws {
        let client = try PredictClient()
        let plain = try client.predict(Self.good.batch)
        let values = [
            "1", "-0", "1e999", "\"text\"", #""\ud83d\ude00 \u0000 \" \\""#, "true", "false", "null", "[]", "{}",
            #"[1,[2,{"a":[]}],"]"]"#, #"{"MedInc":"x","b":{"Latitude":[{}]}}"#,
        ]
        for value in values {
            for key in ["x", "", "medInc", "MedInc ", "MedIn", #"MedInc\u0000"#, "Größe", #"\\"#] {
                let body = Self.good.adding(key, value).batch
                #expect(try client.predict(body).body == plain.body, "\(body)")
            }
        }
    }

    @Test("unknown fields must be well-formed JSON", .proves("C1.16"))
    func malformedUnknownFields() throws {
        let client = try PredictClient()
        let values = [
            "", "tru", "truex", "nul", "nullx", "falsey", "01", "+1", ".5", "1.", "1e", "-", "0x1", "1_0", "1 2",
            "[1,]",
            "[,1]", "[1 2]", "[1", "1]", "{]", "[}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "{1:1}",
            #"{"a" 1}"#, #"{"a"::1}"#, "'x'", #""\x""#, #""\u12""#, #""\u+123""#, "\"\n\"", "\"\t\"", "\"\u{1}\"", "\"",
            "NaN", "-NaN", "Infinity", "-Infinity", "undefined", "/**/1", "1//", "\u{a0}1", "\u{feff}1",
        ]
        for value in values {
            let nested = value.isEmpty ? "[,]" : "[[\(value)]]"
            for body in [Self.good.adding("x", value).batch, Self.good.adding("x", nested).batch] {
                let response = try client.predict(body)
                #expect(try response.isInvalidJSON(body.utf8.count), "\(body)")
            }
        }
    }

    @Test("a repeated key: the last one counts", .proves("C1.17"))
    func repeatedKeys() throws {
        let client = try PredictClient()
        func outcome(_ values: String...) throws -> Response {
            var record = Self.good.without("AveRooms")
            for value in values { record = record.adding("AveRooms", value) }
            return try client.predict(record.batch)
        }
        let plain = try outcome("7.5")
        #expect(plain.text.contains(#""AveRooms":7.5,"#))
        #expect(try outcome("1", "2", "7.5").body == plain.body)
        for invalid in ["-1", "null", "\"x\"", "1e999", "[1]", "{\"AveRooms\":1}"] {
            #expect(try outcome(invalid, "7.5").body == plain.body, "valid after invalid")
            #expect(try outcome("7.5", invalid).status == 422, "invalid after valid")
        }
        #expect(try outcome("null", "-1").listedFailures() == [Failure("greater_than_equal", "body", "0", "AveRooms")])
        #expect(try outcome("-1", "null").listedFailures() == [Failure("float_type", "body", "0", "AveRooms")])
        let escaped = Self.good.adding(#"\u0041veRooms"#, "7.5")
        #expect(try client.predict(escaped.batch).body == plain.body, "an escaped key repeats a plain one")
    }

    @Test("key order does not matter", .proves("C1.18"))
    func keyOrder() throws {
        let client = try PredictClient()
        let plain = try client.predict(Self.good.batch)
        for shift in 1..<8 {
            var record = Self.good
            record.fields = Array(record.fields[shift...] + record.fields[..<shift])
            #expect(try client.predict(record.batch).body == plain.body)
            record.fields.reverse()
            #expect(try client.predict(record.batch).body == plain.body)
        }
    }

    @Test("escaped keys are the same keys", .proves("C1.19"))
    func escapedKeys() throws {
        let client = try PredictClient()
        let plain = try client.predict(Self.good.batch)
        var record = Self.good
        for (index, (key, value)) in Self.good.fields.enumerated() {
            let escaped = key.unicodeScalars.enumerated().map { position, scalar in
                let hex = String(scalar.value, radix: 16, uppercase: position.isMultiple(of: 2))
                return position <= index ? "\\u00\(hex)" : String(scalar)
            }
            record.fields[index] = (escaped.joined(), value)
        }
        #expect(try client.predict(record.batch).body == plain.body)
    }

    @Test(
        "NaN, Infinity, a byte-order mark, bad UTF-8 and anything after the array are json_invalid",
        .proves("C1.20", "C2.10"))
    func malformedBodies() throws {
        let client = try PredictClient()
        let good = Self.good.batch
        let texts =
            ["NaN", "Infinity", "-Infinity", "nan"].map { Self.good.with("MedInc", $0).batch }
            + ["x", ",", "]", "[]", " 1", "\u{0}", "\u{feff}", good].map { good + $0 }
            + ["\u{feff}", "\u{0}", "\u{0c}", "\u{a0}", ","].map { $0 + good }
            + ["", " ", "\n\t\r ", "[", "]", "[1", "{", "[{]", "[}", "[,]", "[1,]", "nul", "[nul]", "\"", "NaN", "tru"]
            + ["{},{}", "1],[1", "[1],[2]", "\u{0}"]
        var bodies = texts.map { Array($0.utf8) }
        let badUTF8: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
            [0xF0, 0x80, 0x80, 0x80],
        ]
        let places = [
            ("", good), (good, ""), ("[\"", "\"]"), ("[{\"", "\":1}]"), ("[{\"x\":\"", "\"}]"), ("\"", "\""),
        ]
        for bad in badUTF8 {
            for (before, after) in places {
                bodies.append(Array(before.utf8) + bad + Array(after.utf8))
            }
        }
        for body in bodies {
            let response = try client.predict(body)
            #expect(try response.isInvalidJSON(body.count), "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(try client.predict(" \t\r\n" + good + "\n \t\r").status == 200, "white space around the array is JSON")
    }

    @Test("a lone surrogate is json_invalid: in values, keys, unknown fields and replaced values", .proves("C1.20"))
    func loneSurrogates() throws {
        let client = try PredictClient()
        let lone = [
            #"\ud800"#, #"\udc00"#, #"a\udfffb"#, #"\ud800\ud800"#, #"\udc00\ud800"#, #"\ud83d\u0041"#, #"\ud83dx"#,
            #"\ud83d\n\ude00"#, #"\uD83D\\ude00"#, #"\ud83d\ude00\ude00"#,
        ]
        for text in lone {
            let bodies = [
                Self.good.with("MedInc", "\"\(text)\"").batch, Self.good.adding(text, "1").batch,
                Self.good.adding("x", "\"\(text)\"").batch, Self.good.adding("x", "[{\"\(text)\":[\"a\"]}]").batch,
                Self.good.adding("x", "{\"a\":{\"b\":\"\(text)\"}}").batch,
                Self.good.adding("MedInc", "\"\(text)\"").adding("MedInc", "1").batch, "[\"\(text)\"]", "\"\(text)\"",
                "{\"\(text)\":1}",
            ]
            for body in bodies { #expect(try client.predict(body).isInvalidJSON(body.utf8.count), "\(body)") }
        }
        let paired = Self.good.adding(#"\ud83d\ude00\uDBFF\uDFFF"#, #""\\ud800 \ud83d\ude00""#)
        #expect(try client.predict(paired.batch).status == 200)
    }

    @Test("nesting deeper than 64 is json_invalid (the outer array is 1)", .proves("C1.20"))
    func nesting() throws {
        let client = try PredictClient()
        func nested(_ open: String, _ close: String, _ count: Int) -> String {
            String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"MedInc\":", "}"), ("[ ", " ]")] {
            // The array and the record are 1 and 2.
            #expect(try client.predict(Self.good.adding("x", nested(open, close, 62)).batch).status == 200)
            func expectTooDeep(_ body: String) throws {
                #expect(try client.predict(body).isInvalidJSON(body.utf8.count), "\(body.prefix(200))")
            }
            try expectTooDeep(Self.good.adding("x", nested(open, close, 63)).batch)
            #expect(try client.outcome(sentAs: nested(open, close, 62)) == .refused("float_type"))
            try expectTooDeep(Self.good.with("MedInc", nested(open, close, 63)).batch)
            #expect(try client.predict("[\(nested(open, close, 63))]").failures() != ["json_invalid"])
            try expectTooDeep("[\(nested(open, close, 64))]")
            try expectTooDeep("[1,\(nested(open, close, 20_000))]")
        }
        #expect(try client.predict(nested("{\"a\":", "}", 64)).listedFailures() == [Failure("list_type", "body")])
        #expect(try client.predict(nested("{\"a\":", "}", 65)).invalidOffset() == 64 * 5)
        #expect(
            try client.predict(Self.good.adding("x", "\"\(nested("[", "]", 100))\"").batch).status == 200,
            "not in strings")
    }
}
