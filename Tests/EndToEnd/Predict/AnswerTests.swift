import Foundation
import TestSupport
import Testing

/// The 200: its bytes, its headers, its key.
@Suite struct AnswerTests {
    @Test(
        "200: compact JSON, keys in this order, numbers as Python's repr(float) prints them",
        .proves("C1.3", "C1.4", "C1.5", "C1.6", "C1.7", "C1.8", "C1.9", "C1.10", "C1.24"))
    func bytes() throws {
        let client = try PredictClient()
        let record = RecordText(["8.3252", "42", "1e-4", "0.00001", "1e15", "1e16", "-0.0", "-122.23"])
        let text = try client.predict([record, RecordText.good].batch).text
        let inputs = #"""
            "inputs":[{"MedInc":8.3252,"HouseAge":42.0,"AveRooms":0.0001,"AveBedrms":1e-05,"Population":1000000000000000.0,\#
            "AveOccup":1e+16,"Latitude":-0.0,"Longitude":-122.23},{"MedInc":8.3252,"HouseAge":42.0,"AveRooms":6.98,\#
            "AveBedrms":1.02,"Population":322.0,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23}]
            """#
        let form = try Regex(#"\{"query_key":"[0-9a-f]{32}",INPUTS,"prediction":\[-[0-9]+\.[0-9]+,4\.139[0-9]+\]\}"#)
        let outside = text.replacing(inputs, with: "INPUTS")
        #expect(outside.wholeMatch(of: form) != nil, "\(text)")
    }

    @Test(
        "X-Cache, both request ids, X-Model-Version and Server-Timing in milliseconds are headers of a 200",
        .proves("C1.25", "C1.27", "C1.28"))
    func headers() throws {
        let client = try PredictClient()
        let response = try client.predict(RecordText.good.batch, headers: ["X-Request-Id: a_B-9"])
        #expect(response["X-Cache"] == "BYPASS")
        #expect(response["X-Ms-Request-Id"] == "a_B-9")
        #expect(response["X-Request-Id"] == "a_B-9")
        #expect(response["X-Model-Version"]?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
        let timing = try #require(response["Server-Timing"])
        let form = /validate;dur=([0-9]+\.[0-9]+), cache;dur=([0-9]+\.[0-9]+), score;dur=([0-9]+\.[0-9]+)/
        let parts = try #require(timing.wholeMatch(of: form), "\(timing)").output
        let milliseconds = try [parts.1, parts.2, parts.3].map { try #require(Double($0)) }
        #expect(milliseconds[0] > 0 && milliseconds.reduce(0, +) < 20_000)
    }

    struct KeyVectors: Decodable {
        let cases: [Case]

        struct Case: Decodable {
            let records: [[String]]
            let queryKey: String

            enum CodingKeys: String, CodingKey {
                case records
                case queryKey = "query_key"
            }
        }
    }

    @Test(
        "query_key: lower-case hex md5 of the UTF-8 text that Python prints for the list of validated records",
        .proves("C1.33", "C1.36"))
    func queryKeyVectors() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = tests.appending(path: "ModelTests/Vectors/query_key.json")
        let cases = try JSONDecoder().decode(KeyVectors.self, from: Data(contentsOf: file)).cases
        #expect(cases.count >= 10)
        let client = try PredictClient()
        for vector in cases {
            let body = vector.records.map(RecordText.init).batch
            #expect(try client.predict(body).queryKey() == vector.queryKey, "\(body)")
        }
    }

    @Test("any spelling of the same numbers gives the same key and the same response, bit for bit", .proves("C1.34"))
    func spellings() throws {
        let client = try PredictClient()
        let plain = try client.predict(RecordText.good.batch)
        let spellings = [
            "42", "42.0", "4.2e1", "\"42\"", "420e-1", "0.42E+2", "42.00000000000000000000000000", "\"4.2e+01\"",
            "0.0000000000000000000000000042e28", "42000000000000000000000e-21", #""\u0034\u0032""#,
        ]
        for spelling in spellings {
            #expect(
                try client.predict(RecordText.good.with("HouseAge", spelling).batch).body == plain.body, "\(spelling)")
        }
        let other = try client.predict(RecordText.good.with("HouseAge", "42.00000000000001").batch)
        #expect(try other.queryKey() != plain.queryKey())
    }

    @Test("one key per batch: the order and number of its records are part of it", .proves("C1.35"))
    func keyOfBatch() throws {
        let client = try PredictClient()
        let (one, two) = (RecordText.good, RecordText.good.with("MedInc", "1"))
        let keys = try [[one], [two], [one, two], [two, one], [one, one]].map {
            try client.predict($0.batch).queryKey()
        }
        #expect(Set(keys).count == keys.count)
    }

    @Test(
        "a batch whose prediction would not be finite is rejected with 422, finite_number, loc [\"body\", i]",
        .proves("C1.40", "T3"))
    func predictionNotFinite() throws {
        let client = try PredictClient()
        let largest = "1.7976931348623157e308"
        let huge = RecordText.good.with("MedInc", largest).with("AveBedrms", largest)
        let response = try client.predict([.good, huge, .good, huge].batch)
        #expect(response.status == 422)
        #expect(
            try response.listedFailures() == [
                Failure("finite_number", "body", "1"), Failure("finite_number", "body", "3"),
            ])
        #expect(try response.errorCount() == 2)
        #expect(try client.predict(RecordText.good.with("MedInc", largest).batch).status == 200)
        let other = try client.predict([huge, .good.with("MedInc", "-1")].batch)
        #expect(try other.listedFailures() == [Failure("greater_than_equal", "body", "1", "MedInc")])
    }

    @Test("a body is a JSON array of 1 to MAX_BATCH_RECORDS (1000) objects", .proves("C1.1", "C2.1", "C2.10", "C5.6"))
    func batchSizes() throws {
        let client = try PredictClient()
        func batch(_ count: Int) -> [RecordText] { [RecordText](repeating: .good, count: count) }
        let full = try client.predict(batch(1000).batch)
        #expect(full.status == 200)
        #expect(try (full.json()["prediction"] as? [Double])?.count == 1000)
        for count in [1001, 1500] {
            let response = try client.predict(batch(count).batch)
            #expect(try response.listedFailures() == [Failure("too_long", "body")])
            #expect(try response.errorCount() == 1)
        }
        #expect(try client.predict("[" + String(repeating: "1,", count: 1000) + "x]").failures() == ["json_invalid"])
        #expect(try client.predict("[]").listedFailures() == [Failure("too_short", "body")])
        #expect(try client.predict(" [ ] ").listedFailures() == [Failure("too_short", "body")])

        let small = try PredictClient(["--max-batch-records", "2"])
        #expect(try small.predict(batch(2).batch).status == 200)
        #expect(try small.predict(batch(3).batch).listedFailures() == [Failure("too_long", "body")])
    }

    @Test("row i of the response belongs to record i of the request")
    func rowOrder() throws {
        let client = try PredictClient()
        let records = (0..<300).map { RecordText.good.with("MedInc", "\(($0 * 7919) % 300).5") }
        let together = try #require(try client.predict(records.batch).json()["prediction"] as? [Double])
        for index in stride(from: 0, to: 300, by: 13) {
            let alone = try #require(try client.predict(records[index].batch).json()["prediction"] as? [Double])
            #expect(alone == [together[index]])
        }
    }

    @Test("Content-Type is not checked, and /score is an alias", .proves("C1.2"))
    func contentTypeAndAlias() throws {
        let client = try PredictClient()
        let plain = try client.predict(RecordText.good.batch)
        let types = ["application/x-www-form-urlencoded", "text/plain; charset=utf-16", "image/png", "", "nonsense"]
        for type in types {
            let response = try client.predict(RecordText.good.batch, headers: ["Content-Type: \(type)"])
            #expect(response.body == plain.body)
        }
        #expect(try client.predict(RecordText.good.batch, path: "/score").body == plain.body)
        #expect(try client.predict("[]", path: "/score").failures() == ["too_short"])
    }
}
