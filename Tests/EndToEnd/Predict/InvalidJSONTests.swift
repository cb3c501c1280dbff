import Foundation
import TestSupport
import Testing

/// The response to a body that is not JSON, or is JSON other than an array of houses.
@Suite struct InvalidJSONTests {
    private static let house = RecordText.good.json

    /// The only error of a body.
    private func failure(_ client: PredictClient, _ body: [UInt8]) throws -> (type: String, message: String, input: Any)
    {
        let item = try #require(try client.predict(body).detail().first)
        return (
            try #require(item["type"] as? String), try #require(item["msg"] as? String), try #require(item["input"])
        )
    }

    @Test(
        "bodies that people have sent: where each stops being JSON, what was found there, and the likely mistake",
        .proves("C2.14", "C2.16"),
        arguments: [
            ("cmd-single-quotes.body", 0, "line 1, column 1, met a single quote ('). The body is in single quotes"),
            ("curly-quotes.body", 2, "line 1, column 3, met a curly quote (“, U+201C). Curly quotes come from"),
            ("k6-object.body", 1, "line 1, column 2, met =. The body is a form"),
            ("python-nan.json", 63, "line 1, column 64, met NaN. JSON has no NaN or Infinity"),
            ("trailing-comma.body", 128, "line 1, column 129, met }. A trailing comma"),
            ("utf16le.json", 1, "line 1, column 2, met a NUL byte. The text is UTF-16"),
            ("pandas-lines.json", 128, "line 2, column 1, met {. A second value: send one array, not one house a line"),
        ])
    func vectors(file: String, offset: Int, message: String) throws {
        let client = try PredictClient()
        let response = try client.predict(Self.vector(file))
        #expect(try response.invalidOffset() == offset)
        let said = try #require(try response.detail().first?["msg"] as? String)
        #expect(said.hasPrefix("Invalid JSON: expected ") && said.contains(" at " + message), "\(said)")
    }

    @Test(
        "bodies that people have sent: JSON that is not an array of houses", .proves("C2.10", "C2.16"),
        arguments: [
            ("dumps-list.json", "a string that holds JSON: it was encoded twice"),
            ("houses.json", "an object with the key houses: send its array"),
            (
                "single.json",
                "an object with the keys MedInc, HouseAge, AveRooms, AveBedrms, Population and 3 more: one house. Put it "
                    + "into an array, [{…}]"
            ),
        ])
    func wrapped(file: String, kind: String) throws {
        let response = try PredictClient().predict(Self.vector(file))
        #expect(try response.listedFailures() == [Failure("list_type", "body")])
        #expect(try response.detail().first?["msg"] as? String == "Input should be a valid list. It is \(kind)")
    }

    private static func vector(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.url(forResource: "Vectors", withExtension: nil))
        return Array(try Data(contentsOf: folder.appending(path: "bodies").appending(path: name)))
    }

    @Test("the likely mistake is named if the bytes show it", .proves("C2.14", "C2.16"))
    func mistakes() throws {
        let client = try PredictClient()
        for (body, offset, hint) in Self.mistakes {
            let response = try client.predict(body)
            #expect(try response.invalidOffset() == offset, "\(body)")
            let (type, message, _) = try failure(client, Array(body.utf8))
            #expect(type == "json_invalid" && message.contains(hint), "\(body): \(message)")
        }
        for (body, offset, hint) in Self.mistakenBytes {
            #expect(try client.predict(body).invalidOffset() == offset, "\(hint)")
            let message = try failure(client, body).message
            #expect(message.contains(hint), "\(message)")
        }
    }

    private static let mistakes: [(String, Int, String)] = [
        ("[{\"MedInc\":nan}]", 11, "met nan. JSON has no NaN or Infinity"),
        ("[{\"MedInc\":-Infinity}]", 11, "met -Infinity. JSON has no NaN or Infinity"),
        ("[{\"MedInc\":Inf}]", 11, "JSON has no NaN or Infinity"),
        ("[{\"MedInc\":INF}]", 11, "met INF. JSON has no NaN or Infinity"),
        ("[{\"MedInc\":-INFINITY}]", 11, "JSON has no NaN or Infinity"),
        ("[{\"MedInc\":+inf}]", 11, "JSON has no NaN or Infinity"), ("[NAN]", 1, "JSON has no NaN or Infinity"),
        ("[{“MedInc”:1}]", 2, "web pages: type straight double quotes"),
        ("[{'MedInc': 5.5}]", 2, "Python's repr writes single ones"),
        ("[{\"MedInc\":None}]", 11, "None, True and False are Python's"),
        ("[UserIn(MedInc=5.5)]", 1, "met UserIn. This is a program's text, such as Python's repr"),
        ("b'[]'", 0, "Python's repr of bytes"), ("[{\"a\":undefined}]", 6, "null, true and false, in lower case"),
        ("[{‘MedInc’:1}]", 2, "met a curly quote (‘, U+2018)"), ("[{\"MedInc”:1}]", 16, "a closing quote is missing"),
        ("[«a»]", 1, "met a curly quote («, U+00AB)"), ("[`a`]", 1, "Strings need double quotes"),
        ("[{\\\"MedInc\\\":1}]", 2, "the text was quoted twice"),
        ("[1,]", 3, "A trailing comma"), ("[{\"a\":1 ,\n}]", 10, "at line 2, column 1, met }. A trailing comma"),
        ("[{\"a\":[1,2, ]}]", 12, "A trailing comma"), ("[1,,2]", 3, "A comma too many"),
        ("// houses\n[]", 0, "JSON has no comments"), ("[1/* one */]", 2, "JSON has no comments"),
        ("[1 # one\n]", 3, "JSON has no comments"),
        ("[]\0", 2, "met a NUL byte. A NUL byte, such as the one that ends a C string"),
        ("[]\r\n\u{1A}", 4, "at line 2, column 1, met Ctrl-Z (U+001A). Ctrl-Z is how"),
        ("MedInc=5.5&HouseAge=30", 0, "The body is a form"), ("data=[{}]", 0, "The body is a form"),
        ("a%5B0%5D=1", 0, "The body is a form"),
        ("--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n[]\r\n--x--", 0, "The body is a multipart form"),
        ("---\nMedInc: 5.5\n", 0, "The body is YAML"), ("---\r\n- MedInc: 5.5\r\n", 0, "The body is YAML"),
        ("--- # houses\nMedInc: 5.5\n", 0, "The body is YAML"),
        ("```json\n[\(house)]\n```\n", 0, "The body is Markdown: send what stands between its fences alone"),
        ("[\(house)]\n```\n", house.utf8.count + 3, "A fence of Markdown: remove it"),
        ("\(house)\n\(house)\n", house.utf8.count + 1, "send one array, not one house a line"),
        ("\(house),\(house)", house.utf8.count, "put one array around them"),
        ("[\(house)]\n[\(house)]", house.utf8.count + 3, "A second value: send one array with all houses"),
        ("[]]", 2, "A closing bracket too many"), ("[];", 2, "leave the semicolon out"),
        ("[{MedInc:5.5}]", 2, "met MedInc. Keys need double quotes"),
        ("[{\"a\":5,5}]", 8, "a decimal point, not a comma"),
        ("[05]", 2, "met 5 after 0. A number in JSON has no leading"),
        ("[5.]", 2, "met a point after 5. A number in JSON has one point"), ("[.5]", 1, "a digit before its point"),
        ("[+5]", 1, "no plus sign"), ("[0x1F]", 2, "A number in JSON is decimal"), ("[1_000]", 2, "no underscores"),
        ("[5.5f]", 4, "met f after 5.5. A number in JSON has nothing after its digits"),
        ("[1e]", 2, "An exponent in JSON has digits"),
        ("[{\"a\":1 \"b\":2}]", 8, "met a string. A comma is missing before it"),
        ("[{\"a\" 1}]", 6, "A key has its value after a colon"),
        ("[{\"a\"=1}]", 5, "A colon stands between key and value"),
        ("[{\"a\":1]", 7, "The innermost open bracket is {"), ("[1}", 2, "The innermost open bracket is ["),
        ("[{\"a\":1, ...}]", 9, "Dots stand for what a document leaves out"), ("[{\"a\":1,…}]", 8, "Dots stand for"),
        ("[\u{A0}1]", 1, "met a no-break space (U+00A0)"), ("[\u{200B}]", 1, "An invisible character"),
        ("[\"a\nb\"]", 3, #"A line break in a string is written \n"#), (#"["C:\Users"]"#, 4, #"itself is written \\"#),
        (#"["\ud83d"]"#, 2, "Half of a pair stands alone"), (#"["a\ud83dx"]"#, 3, "expected a pair of surrogates"),
        ("", 0, "The body is empty"), (" \n ", 3, "at line 2, column 2, met the end of the text. The body is empty"),
        ("[\(house)", house.utf8.count + 1, "The text was cut off"), ("[{\"MedInc\":1.", 13, "The text was cut off"),
        ("[tru", 4, "The text was cut off"), ("[\"\\ud8", 6, "The text was cut off"),
        (
            String(repeating: "[", count: 65), 64,
            "expected at most 64 levels of arrays and objects at line 1, column 65"
        ),
        ("<html>", 0, "XML or HTML"), ("%5B%7B", 0, "percent-encoded"), ("[object Object]", 1, "JSON.stringify"),
        ("@houses.json", 0, "a file's name"), ("data/houses.json", 0, "a file's name"), ("{{houses}}", 1, "template"),
        ("MedInc,HouseAge\n5.5,30\n", 0, "The body is CSV"), ("- MedInc: 5.5\n", 0, "The body is YAML"),
        ("W3siTWVkSW5jIjo1fV0=", 0, "base64"), ("[hello]", 1, "expected a value or ] at line 1, column 2, met hello"),
        ("[\"äöü\",x]", 10, "at line 1, column 8, met x"),
    ]

    private static let mistakenBytes: [([UInt8], Int, String)] = [
        ([0xFF, 0xFE] + Array("[]".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, 0, "The text is UTF-16"),
        (Array("[]".utf16).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }, 0, "The text is UTF-16"),
        (Array("[1]".unicodeScalars).flatMap { [UInt8($0.value), 0, 0, 0] }, 1, "The text is UTF-32"),
        (Array("[\"日\"]".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, 1, "The text is UTF-16"),
        ([0] + Array("[\(house)]".utf8), 0, "met a NUL byte. A NUL byte, such as the one that ends a C string"),
        ([0, 0, 0, 0x81] + Array("[\(house)]".utf8), 0, "met a NUL byte. A NUL byte"),
        (Array("[".utf8) + [0] + Array("\(house)]".utf8), 1, "met a NUL byte. A NUL byte"),
        (Array("5".utf8) + [0], 1, "met a NUL byte. A NUL byte"),
        ([0x81, 0, 0, 0] + Array("[\(house)]".utf8), 0, "that are not text, NULs among them: send the JSON alone"),
        ([0xEF, 0xBB, 0xBF] + Array("[]".utf8) + [0], 0, "byte-order mark (U+FEFF). Save the text as UTF-8 without"),
        ([5, 0, 0, 0] + Array("[\(house)]".utf8), 0, "bytes that are not text, NULs among them: send the JSON alone"),
        ([0xEF, 0xBB, 0xBF] + Array("[]".utf8), 0, "met a byte-order mark (U+FEFF)"),
        ([0x1F, 0x8B, 8, 0, 0], 0, "compressed with gzip"),
        (Array("[{".utf8) + [0x93] + Array("a".utf8) + [0x94], 2, "web pages (these in Windows-1252): type straight"),
        (Array("[".utf8) + [0x91] + Array("a".utf8), 1, "met the byte 91, which is not UTF-8. Curly quotes come from"),
        (Array("[".utf8) + [0xA0] + Array("1]".utf8), 1, "A no-break space comes from a web page"),
        (Array("[{\"a\":1,".utf8) + [0x85], 8, "Dots stand for what a document leaves out"),
        (Array("[\"".utf8) + [0xFC] + Array("\"]".utf8), 2, "Latin-1"),
        (Array("[\"a".utf8) + [0xE2, 0x82], 5, "met the end of the text. The text was cut off"),
    ]

    @Test("a multipart form is recognized whatever its boundary and its parts' headers", .proves("C2.16"))
    func multipart() throws {
        let client = try PredictClient()
        let boundaries = [
            "------------------------dd884c2539c206", "---------------------------9051914041544843365972754266",
            "----WebKitFormBoundary7MA4YWxkTrZu0gW", "-", "--", "x", "a b", "=_(part):1/2?",
        ]
        let headers = ["Content-Disposition: form-data; name=\"f\"", "Content-Type: application/json", "content-id: 1"]
        for boundary in boundaries {
            for header in headers {
                for lineEnd in ["\r\n", "\n"] {
                    let lines = ["--\(boundary)", header, "", "[\(Self.house)]", "--\(boundary)--", ""]
                    let (type, message, _) = try failure(client, Array(lines.joined(separator: lineEnd).utf8))
                    #expect(type == "json_invalid" && message.contains("The body is a multipart form"), "\(message)")
                }
            }
        }
        let other = try failure(client, Array("--\(boundaries[0])\r\nX-Part: 1\r\n\r\n[]".utf8)).message
        #expect(other.contains("The body is a multipart form"), "\(other)")
        for text in ["--", "--x", "--x\n", "--x\n[]", "-----BEGIN CERTIFICATE-----\nMIIB\n", "----", "---", "-\n:"] {
            let message = try failure(client, Array(text.utf8)).message
            #expect(!message.contains("multipart") && !message.contains("YAML"), "\(text): \(message)")
        }
    }

    @Test("of a word of a megabyte no more is shown than of a short one", .proves("C2.14", "C2.16"))
    func longWords() throws {
        let client = try PredictClient()
        for unit in ["-", "x", "."] {
            let response = try client.predict("[" + String(repeating: unit, count: 1_000_000))
            #expect(try response.invalidOffset() == 1)
            let message = try #require(try response.detail().first?["msg"] as? String)
            #expect(message.contains("at line 1, column 2, met ") && message.count < 200, "\(message)")
        }
    }

    @Test("an object instead of the array is described by its keys, at most 5 of 40 scalars", .proves("C2.16"))
    func objects() throws {
        let client = try PredictClient()
        let long = String(repeating: "é", count: 41)
        let records = "Send an array with an object for each row, which is to_json(orient='records') in pandas"
        let split = "columns and rows apart, as pandas' orient='split' writes them"
        let index = "houses by key, as pandas' orient='index' writes them"
        let twice = "is a string that holds JSON: it was encoded twice. Send an array with an object for each house"
        let objects = [
            (#"{"model":"m","houses":[{}]}"#, "the keys model, houses: send the array of houses"),
            (#"{"a":[],"b":[]}"#, "the keys a, b"), (#"{"data":{}}"#, "the key data"),
            (#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":{"g":[1,"}"]},"h":"]"}"#, "the keys a, b, c, d, e and 2 more"),
            (#"{"a\u000ab\u001b":1}"#, #"the key a\nb\u{1B}"#), ("{\"\(long)\":1}", "the key \(long.dropLast())"),
            (
                #"{"MedInc":{"0":5.5,"1":2}}"#,
                "the key MedInc: a table by columns. Send an array with an object for each row, which is "
                    + "to_json(orient='records') in pandas"
            ),
            (
                #"{"inputs":[{"name":"a","datatype":"FP64","shape":[1,8],"data":[]}]}"#,
                "the key inputs: an inference request. Send it to /v2/models/housing/infer"
            ),
            (#"{"columns":["MedInc"],"x":[],"data":[[5]]}"#, "the keys columns, x, data: \(split). \(records)"),
            (#"{"columns":["MedInc"],"data":[[5.5]]}"#, "the keys columns, data: \(split). \(records)"),
            (#"{"0":{"MedInc":5.5},"1":{"MedInc":2}}"#, "the keys 0, 1: \(index). \(records)"),
            (#"{"a":{"Latitude":37}}"#, "the key a: \(index). \(records)"),
            (#"{"a":{"Latitude":37},"b":{}}"#, "the keys a, b"), (#"{"data":[1]}"#, "the key data: send its array"),
            (#"{"houses":"[{\"MedInc\":5.5}]"}"#, "the key houses: its value \(twice)"),
            (#"{"n":1,"houses":"[]"}"#, "the keys n, houses: houses \(twice)"), (#"{"houses":"[x"}"#, "the key houses"),
            (#"{"\u004dedInc":1}"#, "the key MedInc: one house. Put it into an array, [{…}]"),
        ]
        for (body, keys) in objects {
            let (type, message, _) = try failure(client, Array(body.utf8))
            #expect(type == "list_type" && message == "Input should be a valid list. It is an object with \(keys)")
        }
    }

    @Test("input is the text around the place, at most 100 scalars, bad bytes as U+FFFD", .proves("C2.15"))
    func input() throws {
        let client = try PredictClient()
        func input(_ body: [UInt8]) throws -> String { try #require(try failure(client, body).input as? String) }
        for unit in ["x", "é", "😀"] {
            let (before, after) = (String(repeating: unit, count: 90), String(repeating: unit, count: 200))
            let around = String(before.suffix(38)) + "\"," + "\u{B7}\"" + String(after.prefix(58))
            #expect(try input(Array("[\"\(before)\",\u{B7}\"\(after)\"]".utf8)) == around)
            let end = "[\"\(after)\"".unicodeScalars.suffix(100)
            #expect(try Array(input(Array("[\"\(after)\"".utf8)).unicodeScalars) == Array(end))
            #expect(try input(Array("[x,\"\(after)\"]".utf8)) == "[x,\"" + after.prefix(96))
        }
        #expect(try input(Array("[\"a".utf8) + [0xFF, 0xC3] + Array("b\"]".utf8)) == "[\"a\u{FFFD}\u{FFFD}b\"]")
    }

    @Test("a wrong last byte of a body of 16 MiB is located like that of a small one", .proves("C2.14"))
    func large() throws {
        let client = try PredictClient(["--max-body-bytes", "16777216"])
        let line = "[\"\(String(repeating: "é\\n", count: 250))\",1.5,true],\n"
        let lines = (16 << 20) / line.utf8.count - 1
        let body = "[" + String(repeating: line, count: lines) + "[1]\n'"
        let response = try client.predict(body)
        #expect(try response.invalidOffset() == body.utf8.count - 1)
        #expect(response.text.contains(" at line \(lines + 2), column 1, met a single quote ('). "))
    }

    @Test("an error in an inference request's JSON has its place too", .proves("C4.9"))
    func inference() throws {
        let server = try ServerProcess()
        let response = try server.call("POST", "/v2/models/housing/infer", bytes: Array("{\"inputs\":[NaN]}".utf8))
        let message = "Invalid JSON: expected a value or ] at line 1, column 12, met NaN. JSON has no NaN or Infinity: "
        #expect(response.status == 400 && response.text == "{\"error\":\"\(message)send a number\"}")
    }
}
