import Foundation
import TestSupport
import Testing

/// Probes, and the load test's target.
@Suite struct HealthRoutesTests {
    @Test("GET /health is {\"status\":\"healthy\"}", .proves("C4.4"))
    func health() throws {
        let server = try ServerProcess()
        let response = try server.call("GET", "/health")
        #expect(response.status == 200)
        #expect(response.text == #"{"status":"healthy"}"#)
        #expect(response["Content-Type"] == "application/json")
        #expect(response["Content-Length"] == "20")
        try TransportChecks.expectRequestID(response)
    }

    @Test("GET /livez, /readyz and /startupz are 200 without a line in the scoring log", .proves("C4.5"))
    func probes() throws {
        let server = try ServerProcess()
        for path in ["/livez", "/readyz", "/startupz"] {
            let response = try server.call("GET", path)
            #expect(response.status == 200, "\(path)")
            #expect(response["Content-Type"] == "application/json", "\(path)")
            #expect(try response.json()["status"] is String, "\(path)")
            #expect(try server.call("HEAD", path).status == 200, "\(path)")
            #expect(try server.call("POST", path).status == 405, "\(path)")
        }
        #expect(try server.call("GET", "/nothing").status == 404)
        #expect(try server.stop() == 0)
        #expect(server.log == "")
    }

    @Test("responses that are valid for a moment only must not be stored, or taken for another type")
    func momentary() throws {
        let server = try ServerProcess()
        let model = ["/v2", "/v2/models/housing", "/v2/models/housing/ready"]
        let probes = ["/health", "/livez", "/readyz", "/startupz", "/v2/health/live", "/v2/health/ready"]
        for path in probes + model + ["/metrics", "/version"] {
            let response = try server.call("GET", path)
            #expect(response["Cache-Control"] == "no-store", "\(path)")
            #expect(response["X-Content-Type-Options"] == "nosniff", "\(path)")
        }
    }

    @Test("readiness never asks the cache", .proves("C4.5"))
    func readinessWithoutCache() throws {
        let redis = try RedisProcess()
        let server = try ServerProcess(["--cache-url", redis.url])
        redis.signal(SIGSTOP)
        #expect(try server.call("GET", "/readyz").status == 200)
        try redis.kill()
        #expect(try server.call("GET", "/readyz").status == 200)
    }

    @Test(
        "GET /test scores a built-in sample record and logs like any request, without a look-up and X-Cache",
        .proves("C4.8"))
    func test() throws {
        let server = try ServerProcess()
        let response = try server.call("GET", "/test")
        #expect(response.status == 200)
        let json = try response.json()
        #expect((json["inputs"] as? [Any])?.count == 1)
        #expect((json["prediction"] as? [Double])?.count == 1)
        #expect((json["query_key"] as? String)?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(response["X-Cache"] == nil)
        #expect(response["X-Model-Version"] != nil)
        #expect(response["Server-Timing"] != nil)
        let id = try #require(response["X-Ms-Request-Id"])
        #expect(try server.stop() == 0)
        let lines = server.log.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.contains("] \"GET /test HTTP/1.1\" 200 \(response.body.count) \"-\" \"-\"") == true)
        #expect(lines.dropFirst().first == "X-Ms-Request-Id: \(id)")
        #expect(lines.last?.wholeMatch(of: /Prediction took [0-9]+\.[0-9]{4,} ms/) != nil)
    }

    @Test("GET /test predicts the same as POST /predict for the same record", .proves("C4.8"))
    func testIsPredict() throws {
        let server = try ServerProcess()
        let test = try server.call("GET", "/test").json()
        let inputs = try JSONSerialization.data(withJSONObject: try #require(test["inputs"]))
        let predict = try server.predict(String(decoding: inputs, as: UTF8.self)).json()
        #expect(test["query_key"] as? String == predict["query_key"] as? String)
        #expect(test["prediction"] as? [Double] == predict["prediction"] as? [Double])
    }
}
