import NIOHTTP1
import ScoringLog
import Testing

@testable import Server

/// What a call takes from its header fields.
@Suite struct RequestFieldsTests {
    @Test("a trace context is kept in W3C's form only, since it is logged")
    func traceparent() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(RequestFields(["TraceParent": good]).traceparent == good)
        let bad = [
            "", "127.0.0.1", String(good.dropLast()), good + "-", good.uppercased(), good.replacing("-", with: " "),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n",
        ]
        for text in bad { #expect(RequestFields(["traceparent": text]).traceparent == nil, "\(text)") }
    }

    @Test("the request id is the first valid X-Ms-Request-Id, else the first valid X-Request-Id")
    func requestID() {
        func id(_ fields: [(String, String)]) -> String? { RequestFields(HTTPHeaders(fields)).requestID?.description }
        #expect(id([("X-Request-Id", "b"), ("x-ms-request-id", "a")]) == "a")
        #expect(id([("X-Ms-Request-Id", "a b"), ("X-Ms-Request-Id", "c"), ("X-Ms-Request-Id", "d")]) == "c")
        #expect(id([("X-Ms-Request-Id", "127.0.0.1"), ("X-Request-Id", ""), ("X-Request-Id", "e")]) == "e")
        #expect(id([("X-Request-Id", String(repeating: "a", count: 65))]) == nil)
        #expect(id([("X-Request-Id", String(repeating: "a", count: 64))])?.count == 64)
    }
}
