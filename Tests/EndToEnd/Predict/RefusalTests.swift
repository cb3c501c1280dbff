import Foundation
import TestSupport
import Testing

/// The 422: its items, their order, and what they show of the request.
@Suite struct RefusalTests {
    /// The body with one item.
    private static func body(_ type: String, _ loc: String, _ message: String, _ input: String) -> String {
        #"{"detail":[{"type":"\#(type)","loc":\#(loc),"msg":"\#(message)","input":\#(input)}],"error_count":1}"#
    }

    @Test("422 items follow pydantic v2: type, loc, msg and input of every failure of a value", .proves("C2.1", "C2.8"))
    func valueItems() throws {
        let client = try PredictClient()
        let notNumber = "Input should be a valid number"
        let notParsed = "Input should be a valid number, unable to parse string as a number"
        let cases = [
            ("MedInc", "-1.50", "greater_than_equal", "Input should be greater than or equal to 0", "-1.50"),
            ("Latitude", "-1e2", "greater_than_equal", "Input should be greater than or equal to -90", "-1e2"),
            ("Latitude", "\"91\"", "less_than_equal", "Input should be less than or equal to 90", "\"91\""),
            ("Longitude", "1.80001E+2", "less_than_equal", "Input should be less than or equal to 180", "1.80001E+2"),
            ("AveOccup", "true", "float_type", notNumber, "true"),
            ("AveOccup", "null", "float_type", notNumber, "null"),
            ("AveRooms", "\"x\"", "float_parsing", notParsed, "\"x\""),
            ("AveRooms", #""\u0000\/é\t""#, "float_parsing", notParsed, #""\u0000/é\u0009""#),
            ("HouseAge", "1e999", "finite_number", "Input should be a finite number", "1e999"),
            ("HouseAge", "[1, {\"a\": \"\\n\"}]", "float_type", notNumber, #""[1, {\"a\": \"\\n\"}]""#),
            ("Population", "{ }", "float_type", notNumber, "\"{ }\""),
        ]
        for (field, sent, type, message, input) in cases {
            let response = try client.predict(RecordText.good.with(field, sent).batch)
            #expect(response.text == Self.body(type, #"["body",0,"\#(field)"]"#, message, input))
        }
    }

    @Test("a missing field's input is the record, as a string of its JSON text", .proves("C2.8"))
    func missing() throws {
        let client = try PredictClient()
        let record = #"{ "MedInc": 1, "x": "é\n" }"#
        let response = try client.predict("[\(record)]")
        #expect(
            try response.listedFailures() == RecordText.names.dropFirst().map { Failure("missing", "body", "0", $0) })
        let items = try response.detail()
        for item in items {
            #expect(item["input"] as? String == record)
            #expect(item["msg"] as? String == "Field required")
        }
        #expect(try client.predict("[{}]").errorCount() == 8)
    }

    @Test("model_type: a record that is not an object, alone for that record", .proves("C2.8", "C2.16"))
    func modelType() throws {
        let client = try PredictClient()
        let message = "Input should be a valid dictionary or instance of UserIn. It is "
        let twice = "a string that holds JSON: it was encoded twice"
        let cases = [
            ("1.50", "a number", "1.50"), ("-0", "a number", "-0"), ("null", "null", "null"),
            ("false", "false", "false"), ("\"a\\\"b\"", "a string", #""a\"b""#),
            ("[]", "an array: send an object that names each field", "\"[]\""),
            ("[8.3,42]", "an array: send an object that names each field", "\"[8.3,42]\""),
            ("[ {} ]", "an array: a pair of brackets too many", "\"[ {} ]\""), ("1e999", "a number", "1e999"),
            (#""{\"MedInc\":1}""#, twice, #""{\"MedInc\":1}""#), (#""\"{}\"""#, twice, #""\"{}\"""#),
            (#"" \n[1]""#, twice, #"" \u000a[1]""#), (#""{x}""#, "a string", #""{x}""#), (#""1""#, "a string", #""1""#),
        ]
        for (sent, kind, input) in cases {
            let response = try client.predict("[\(RecordText.good.json), \(sent) ]")
            #expect(response.text == Self.body("model_type", #"["body",1]"#, message + kind, input))
        }
    }

    @Test(
        "an error of the body as a whole has loc [\"body\"] and is the only one, error_count 1",
        .proves("C2.1", "C2.8", "C2.10", "C2.16"))
    func wholeBody() throws {
        let client = try PredictClient()
        let notList = "Input should be a valid list. It is "
        let cases = [
            ("{}", "list_type", notList + "an object without keys", "\"{}\""),
            (
                " {\"MedInc\": 1}\n", "list_type",
                notList + "an object with the key MedInc: one house. Put it into an array, [{…}]",
                #""{\"MedInc\": 1}""#
            ),
            ("1.50", "list_type", notList + "a number", "1.50"),
            (" 1e999 ", "list_type", notList + "a number", "1e999"),
            ("true", "list_type", notList + "true", "true"), ("null", "list_type", notList + "null", "null"),
            ("\"\\u0041\"", "list_type", notList + "a string", "\"A\""),
            ("[]", "too_short", "List should have at least 1 item after validation, not 0", "\"[]\""),
        ]
        for (sent, type, message, input) in cases {
            #expect(try client.predict(sent).text == Self.body(type, #"["body"]"#, message, input))
        }
        #expect(try client.predict("[{\"MedInc\":-1},\u{1}]").invalidOffset() == 15)
    }

    @Test(
        "a string is cut at 100 Unicode scalars, anything else is a string of its JSON text, cut likewise",
        .proves("C2.8", "T23"))
    func cutInput() throws {
        let client = try PredictClient()
        func input(_ body: String) throws -> String {
            let detail = try client.predict(body).detail()
            return try #require(detail.first?["input"] as? String)
        }
        for unit in ["x", "é", "€", "😀", "\u{301}", "👩‍👩‍👧"] {
            for count in [99, 100, 101, 300] {
                let text = String(
                    String.UnicodeScalarView(Array(repeating: unit.unicodeScalars, count: count).joined().prefix(count))
                )
                let cut = String(String.UnicodeScalarView(text.unicodeScalars.prefix(100)))
                #expect(
                    try Array(input(RecordText.good.with("MedInc", "\"\(text)\"").batch).unicodeScalars)
                        == Array(cut.unicodeScalars))
                let list = "[\"\(text)\"]"
                let cutList = String.UnicodeScalarView(list.unicodeScalars.prefix(100))
                #expect(try Array(input(RecordText.good.with("MedInc", list).batch).unicodeScalars) == Array(cutList))
                #expect(try Array(input("[\(list)]").unicodeScalars) == Array(cutList))
                #expect(
                    try Array(input("{\"a\":\(list)}").unicodeScalars)
                        == Array("{\"a\":\(list)}".unicodeScalars.prefix(100)))
            }
        }
        let escapes = String(repeating: #"\ud83d\ude00"#, count: 150)
        #expect(try input(RecordText.good.with("MedInc", "\"\(escapes)\"").batch) == String(repeating: "😀", count: 100))
        let record = #"{"a":"\#(String(repeating: "z", count: 200))"}"#
        #expect(try input("[\(record)]") == String(record.prefix(100)), "missing shows the record")
        let digits = "-" + String(repeating: "7", count: 250)
        #expect(
            try client.predict(RecordText.good.with("MedInc", digits).batch).text.contains("\"input\":\(digits)}"),
            "a number stays as sent")
    }

    @Test("in record order, then schema order, whatever the order of keys", .proves("C2.9"))
    func order() throws {
        let client = try PredictClient()
        var reversed = RecordText(["-1", "\"x\"", "null", "1e999", "1", "1", "91", "181"])
        reversed.fields.reverse()
        let broken = reversed.without("Population")
        let batch = "[\(RecordText.good.json),\(broken.json),7,\(RecordText.good.with("Longitude", "-180.1").json)]"
        let response = try client.predict(batch)
        #expect(
            try response.listedFailures() == [
                Failure("greater_than_equal", "body", "1", "MedInc"), Failure("float_parsing", "body", "1", "HouseAge"),
                Failure("float_type", "body", "1", "AveRooms"), Failure("finite_number", "body", "1", "AveBedrms"),
                Failure("missing", "body", "1", "Population"), Failure("less_than_equal", "body", "1", "Latitude"),
                Failure("less_than_equal", "body", "1", "Longitude"), Failure("model_type", "body", "2"),
                Failure("greater_than_equal", "body", "3", "Longitude"),
            ])
        #expect(try response.errorCount() == 9)
    }

    @Test("all or nothing: one invalid record rejects the whole batch with 422, without X-Cache", .proves("C1.21"))
    func allOrNothing() throws {
        let client = try PredictClient()
        for place in [0, 1, 499, 998, 999] {
            var records = [RecordText](repeating: .good, count: 1000)
            records[place] = .good.with("AveOccup", "-1")
            let response = try client.predict(records.batch)
            #expect(response.status == 422 && response["X-Cache"] == nil && response["Server-Timing"] == nil)
            #expect(try response.listedFailures() == [Failure("greater_than_equal", "body", "\(place)", "AveOccup")])
            #expect(Set(try response.json().keys) == ["detail", "error_count"])
        }
    }

    @Test("every error is reported: at most 100 are listed, the total is given", .proves("C1.22"))
    func listLimit() throws {
        let client = try PredictClient()
        for (records, total) in [(12, 96), (13, 104), (1000, 8000)] {
            let response = try client.predict([RecordText](repeating: RecordText([]), count: records).batch)
            let all = (0..<records).flatMap { record in
                RecordText.names.map { Failure("missing", "body", "\(record)", $0) }
            }
            #expect(try response.listedFailures() == Array(all.prefix(100)))
            #expect(try response.errorCount() == total)
        }
    }

    @Test("a 422 is valid JSON whatever was sent", .proves("C2.11", "T23"))
    func alwaysJSON() throws {
        let client = try PredictClient()
        for byte in UInt8.min...UInt8.max {
            for (before, after) in [
                ("", ""), ("[\"", "\"]"), ("[{\"MedInc\":\"", "\"}]"), ("[{\"", "\":1}]"), ("\"\\", "\""),
            ] {
                let response = try client.predict(Array(before.utf8) + [byte] + Array(after.utf8))
                #expect(response.status == 422)
                #expect(try response.listedFailures().isEmpty == false)
            }
        }
    }
}
