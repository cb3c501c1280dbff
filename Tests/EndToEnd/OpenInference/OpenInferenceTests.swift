import Foundation
import Release
import TestSupport
import Testing

/// The Open Inference Protocol's routes, against specification/protocol/inference_rest.md of
/// https://github.com/kserve/open-inference-protocol.
@Suite struct OpenInferenceTests {
    @Test("the protocol's GET routes name server, model, version and tensors in its own shapes", .proves("C4.9"))
    func metadata() throws {
        let server = try ServerProcess()
        func text(_ path: String) throws -> String {
            let response = try server.call("GET", path, body: nil)
            #expect(response.status == 200 && response["Content-Type"] == "application/json", "\(path)")
            return response.text
        }
        let version = try #require(try server.infer(InferenceRequests.one())["X-Model-Version"])
        #expect(try text("/v2") == #"{"name":"bungalow","version":"\#(release)","extensions":[]}"#)
        #expect(try text("/v2/health/live") == #"{"live":true}"#)
        #expect(try text("/v2/health/ready") == #"{"ready":true}"#)
        for path in ["/v2/models/housing", "/v2/models/housing/versions/\(version)"] {
            #expect(
                try text(path) == #"""
                    {"name":"housing","versions":["\#(version)"],"platform":"bungalow_linear",\#
                    "inputs":[{"name":"input","datatype":"FP64","shape":[-1,8]}],\#
                    "outputs":[{"name":"predict","datatype":"FP64","shape":[-1,1]}]}
                    """#)
            #expect(try text(path + "/ready") == #"{"name":"housing","ready":true}"#)
        }
    }

    @Test(
        "one tensor, or eight by name, flat or nested: predictions, key and cache entry are those of /predict",
        .proves("C4.9", "C4.12"))
    func layouts() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url])
        try server.waitForMessage("answers")
        let predicted = try server.predict(ServerProcess.sample)
        let numbers = try #require(predicted.text.firstMatch(of: /"prediction":(.*)}/)).output.1
        let version = try #require(predicted["X-Model-Version"])
        let expected = #"""
            {"model_name":"housing","model_version":"\#(version)",\#
            "parameters":{"query_key":"e6cbfb3a74a56e69b3062ff4f3da035a"},\#
            "outputs":[{"name":"predict","shape":[4,1],"datatype":"FP64","data":\#(numbers)}]}
            """#
        for (name, body) in InferenceRequests.layouts {
            for version in [nil, version] {
                let response = try server.infer(body, version: version)
                #expect(response.status == 200 && response.text == expected, "\(name): \(response.text)")
                #expect(response["X-Cache"] == "HIT" && response["Server-Timing"] != nil, "\(name)")
            }
        }
        let other = InferenceRequests.one()
        #expect(try server.infer(other)["X-Cache"] == "MISS")
        #expect(try server.predict("[\(ServerProcess.record())]")["X-Cache"] == "HIT")
    }

    @Test("ids are echoed, whatever they hold; what a client leaves out may be null", .proves("C4.12", "T23"))
    func ids() throws {
        let server = try ServerProcess()
        for id in [#""""#, #""mine/1""#, #""é\"\\\n\u0000\ud83d\ude00""#, "\"\(String(repeating: "x", count: 5000))\""]
        {
            let sent = try #require(try JSONSerialization.jsonObject(with: Data("[\(id)]".utf8)) as? [String])
            let answer = try server.infer(InferenceRequests.one(rest: #","id":\#(id)"#)).json()
            #expect(answer["id"] as? String == sent[0], "\(id)")
        }
        let rest = #","id":null,"parameters":null,"outputs":null"#
        #expect(try server.infer(InferenceRequests.one(rest: rest)).json()["id"] == nil)
        let asked = #","outputs":[{"name":"predict","parameters":{"binary_data":false}}]"#
        #expect(try server.infer(InferenceRequests.one(rest: asked)).status == 200)
    }

    private static let good = "[8.3252,42,6.98,1.02,322,2.55,37.88,-122.23]"
    private static let refused: [(part: String, body: String)] = [
        ("The body is empty", ""), ("no leading zeros", #"{"a":01}"#),
        ("must be a JSON object", "[]"), ("inputs, the list of tensors, is missing", #"{"id":"a"}"#),
        ("inputs must be a list", #"{"inputs":{}}"#), ("a tensor must be an object", #"{"inputs":[1]}"#),
        ("inputs has 0 tensors", InferenceRequests.request()), ("A tensor has no name", #"{"inputs":[{}]}"#),
        ("id must be a string", InferenceRequests.one(rest: #","id":1"#)),
        ("no output 'other', only 'predict'", InferenceRequests.one(rest: #","outputs":[{"name":"other"}]"#)),
        (
            "datatype 'FP32', where 'FP64'",
            InferenceRequests.request(
                InferenceRequests.tensor("a", [1, 8], good, datatype: "FP32"))
        ),
        ("the shape [n,8]", InferenceRequests.request(InferenceRequests.tensor("a", [8], good))),
        ("the shape [n,8]", InferenceRequests.request(InferenceRequests.tensor("a", [1, 1, 8], good))),
        ("the shape [n,8]", #"{"inputs":[{"name":"a","datatype":"FP64","shape":[1.5,8],"data":[]}]}"#),
        ("the shape [n,8]", #"{"inputs":[{"name":"a","datatype":"FP64","shape":[1.0,8],"data":\#(good)}]}"#),
        ("the shape [n,8]", #"{"inputs":[{"name":"a","datatype":"FP64","shape":[1,8e0],"data":\#(good)}]}"#),
        (
            "an output is asked for twice",
            InferenceRequests.one(rest: #","outputs":[{"name":"predict"},{"name":"predict"}]"#)
        ),
        ("has 0 records", InferenceRequests.request(InferenceRequests.tensor("a", [0, 8], "[]"))),
        ("has 1001 records", InferenceRequests.request(InferenceRequests.tensor("a", [1001, 8], "[]"))),
        ("not fit its shape", InferenceRequests.one("[[\(good)]]")),
        ("not fit its shape", InferenceRequests.one("[1,2]")),
        ("not fit its shape", InferenceRequests.request(InferenceRequests.tensor("a", [2, 8], "[\(good),[1]]"))),
        ("not fit its shape", InferenceRequests.request(InferenceRequests.tensor("a", [1, 8], "[1,[2,3,4,5,6,7,8]]"))),
        ("has no data", #"{"inputs":[{"name":"a","datatype":"FP64","shape":[1,8]}]}"#),
        ("data must be a list", InferenceRequests.one("1")),
        ("record 0, MedInc: Input should be greater than or equal to 0", InferenceRequests.one("[-1,1,1,1,1,1,1,1]")),
        ("record 0, Latitude: Input should be less than or equal to 90", InferenceRequests.one("[1,1,1,1,1,1,91,1]")),
        ("record 0, AveRooms: Input should be a valid number", InferenceRequests.one(#"[1,1,"1",1,1,1,1,1]"#)),
        ("record 0, HouseAge: Input should be a finite number", InferenceRequests.one("[1,1e999,1,1,1,1,1,1]")),
        ("and 3 more", InferenceRequests.one("[-1,-1,-1,-1,-1,-1,-91,-181]")),
        ("prediction should be a finite", InferenceRequests.one("[1.7e308,1,1,1.7e308,1,1,1,1]")),
        ("at most 64 levels", InferenceRequests.one(rest: #","a":\#(String(repeating: "[", count: 64))"#)),
    ]

    @Test(
        "errors have the protocol's own form, {\"error\":…} with 400, and say what is wrong", .proves("C4.9"),
        arguments: refused)
    func errors(part: String, body: String) throws {
        let server = try ServerProcess(["--max-body-bytes", "4096"])
        let response = try server.infer(body)
        let error = try response.inferenceError()
        #expect(response.status == 400 && error?.contains(part) == true, "\(response.text)")
        #expect(response["X-Cache"] == nil)
    }

    @Test(
        "a tensor in binary form is 400 with what to do, and a request for binary data in the response is ignored",
        .proves("C4.11"))
    func binaryTensors() throws {
        let server = try ServerProcess()
        let tensor = #""name":"a","datatype":"FP64","shape":[1,8],"parameters":{"binary_data_size":64}"#
        let json = Array(#"{"inputs":[{\#(tensor)}]}"#.utf8)
        let doubles = [8.3252, 42, 6.98, 1.02, 322, 2.55, 37.88, -122.23].flatMap { number in
            withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
        }
        let length = "Inference-Header-Content-Length: \(json.count)"
        let path = "/v2/models/housing/infer"
        let connection = try server.connect()
        let sent = [([length], json + doubles), ([length], json), ([], json + doubles), ([], json)]
        for (headers, body) in sent {
            try connection.send("POST", path, headers: headers, body: body)
            let response = try connection.response()
            let error = try response.inferenceError()
            #expect(response.status == 400 && error?.contains("binary_data=False") == true, "\(response.text)")
        }
        let wish = #","parameters":{"binary_data_output":true}"#
        let outputs = #","outputs":[{"name":"predict","parameters":{"binary_data":true}}]"#
        for rest in [wish, outputs] {
            let answer = try server.infer(InferenceRequests.one(rest: rest))
            #expect(answer.status == 200 && answer.text.contains(#""data":[4.139"#), "\(answer.text)")
        }
        // Other routes ignore it.
        #expect(try server.predict(ServerProcess.sample, headers: [length]).status == 200)
    }

    @Test("eight tensors are the eight features, each once, with the same number of records")
    func columns() throws {
        let server = try ServerProcess()
        func error(_ change: (inout [String]) -> Void) throws -> String? {
            var tensors = RecordText.names.map { InferenceRequests.tensor($0, [1], "[1]") }
            change(&tensors)
            return try server.infer(InferenceRequests.request(tensors)).inferenceError()
        }
        #expect(try error { $0[1] = $0[0] } == "The tensor 'MedInc' is sent twice")
        #expect(
            try error { $0[1] = InferenceRequests.tensor("Age", [1], "[1]") }
                == "The tensor 'Age' is not one of the model's eight features")
        #expect(
            try error { $0[1] = InferenceRequests.tensor("HouseAge", [2], "[1,2]") }
                == "The eight tensors differ in their number of records")
        #expect(try error { $0.removeLast() }?.hasPrefix("inputs has 7 tensors: send one of shape [n,8]") == true)
        #expect(try error { $0.append($0[0]) }?.hasPrefix("inputs has 9 tensors") == true)
    }

    @Test(
        "every status of the protocol's routes has its form: 401, 404, 405, 413, 415, 503, readiness while draining",
        .proves("C2.5", "C4.10"))
    func statuses() throws {
        let keys = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString).keys")
        try Data("key\n".utf8).write(to: keys)
        defer { try? FileManager.default.removeItem(at: keys) }
        let server = try ServerProcess(
            [
                "--max-body-bytes", "2048", "--max-queued-requests", "0", "--replica-max-concurrent-requests", "1",
                "--synthetic-sleep-ms", "600000", "--drain-delay-seconds", "600", "--shutdown-grace-seconds", "0",
            ], environment: ["API_KEYS_FILE": keys.path])
        let key = ["Authorization: Bearer key"]
        func expect(_ status: Int, _ response: Response) throws {
            #expect(try response.status == status && response.inferenceError() != nil, "\(status): \(response.text)")
        }
        try expect(401, server.infer(InferenceRequests.one()))
        try expect(404, server.infer(InferenceRequests.one(), version: "1", headers: key))
        try expect(404, server.call("GET", "/v2/models/housing/versions/1/ready", body: nil))
        try expect(405, server.call("GET", "/v2/models/housing/infer", headers: key, body: nil))
        for path in ["/v2/", "/v2/models/other", "/v2/models/other/infer", "/v2/models", "/v2/models/housing/stats"] {
            try expect(404, server.call("GET", path, body: nil))
            try expect(404, server.call("POST", path, body: "{}"))
        }
        try expect(405, server.call("POST", "/v2", body: "{}"))
        try expect(415, server.infer(InferenceRequests.one(), headers: key + ["Content-Encoding: gzip"]))
        try expect(413, server.infer(String(repeating: " ", count: 3000), headers: key))
        let busy = try server.connect()
        try busy.send("GET", "/test", headers: key)
        try server.waitForMetrics { $0.inFlight == 1 }
        try expect(503, server.infer(InferenceRequests.one(), headers: key))
        server.signal(SIGTERM)
        try server.waitForMessage("is stopping")
        var ready = try server.call("GET", "/v2/health/ready", body: nil)
        while ready.status == 200 { ready = try server.call("GET", "/v2/health/ready", body: nil) }
        try expect(503, ready)
        try expect(503, server.call("GET", "/v2/models/housing/ready", body: nil))
        #expect(try server.call("GET", "/v2/health/live", body: nil).status == 200)
        server.signal(SIGKILL)
    }

    @Test(
        "an inference request appears in log and metrics as any scoring request does, and its limits are the same",
        .proves("C4.9"))
    func logAndMetrics() throws {
        let server = try ServerProcess(["--max-batch-records", "4"])
        let before = try server.metrics()
        let id = "Oip-1"
        let scored = try server.infer(InferenceRequests.layouts[0].body, headers: ["X-Ms-Request-Id: \(id)"])
        let five = "[" + Array(repeating: Self.good, count: 5).joined(separator: ",") + "]"
        let refused = try server.infer(InferenceRequests.request(InferenceRequests.tensor("a", [5, 8], five)))
        #expect(refused.status == 400 && scored.status == 200 && scored["X-Ms-Request-Id"] == id)
        let after = try server.metrics()
        let route = "{route=\"/v2/models/housing/infer\""
        let requests = after.changes(since: before, in: "requests_total\(route)")
        #expect(
            requests == ["requests_total\(route),status=\"200\"}": 1, "requests_total\(route),status=\"400\"}": 1])
        #expect(after["batch_records_count"] == 1 && after["batch_records_sum"] == 4)
        #expect(after["cache_lookups_total{result=\"bypass\"}"] == 1 && after.inFlight == 0)
        try server.stop()
        let log = try StrictLog(server.log)
        #expect(log.blocks.map(\.access.status) == [200, 400] && log.scored.count == 1)
        #expect(Set(log.blocks.map(\.access.request)) == ["POST /v2/models/housing/infer HTTP/1.1"])
        #expect(log.blocks.map(\.access.bytes) == [scored.body.count, refused.body.count])
    }

    @Test("every damaged inference request gets 200 or 400")
    func damaged() throws {
        let server = try ServerProcess()
        let connection = try server.connect()
        var random = SeededGenerator(seed: 7)
        let seeds = InferenceRequests.layouts.map { Array($0.body.utf8) }
        let pieces = ["\"", "[", "]", "{", "}", ",", ":", "null", "-1", "1e999", "\"shape\"", "\\u", "\u{0}", "é", "9"]
        for number in 0..<3000 {
            var body = seeds[number % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let start = Int.random(in: 0..<body.count, using: &random)
                let end = min(body.count, start + Int.random(in: 0...8, using: &random))
                body.replaceSubrange(
                    start..<end, with: Array(pieces.randomElement(using: &random).map(\.utf8) ?? "".utf8))
            }
            try connection.send("POST", "/v2/models/housing/infer", body: body)
            let response = try connection.response()
            try #require([200, 400].contains(response.status), "\(String(decoding: body, as: UTF8.self))")
            if response.status == 400 { #expect(try response.inferenceError() != nil) }
        }
    }
}
