import NIOHTTP1
import ScoringLog
import Testing

@testable import Server

/// What a call takes from its header fields.
@Suite struct RequestFieldsTests {
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("a trace context is kept in W3C's form only, since it is logged")
    func traceparent() {
        #expect(RequestFields(["TraceParent": Self.parent]).traceparent == Self.parent)
        #expect(RequestFields(["traceparent": "\(Self.parent) \t"]).traceparent == Self.parent)
        let zeroTrace = Self.parent.replacing(
            "0af7651916cd43dd8448eb211c80319c", with: String(repeating: "0", count: 32))
        let zeroParent = Self.parent.replacing("b7ad6b7169203331", with: String(repeating: "0", count: 16))
        let behindVersion = String(Self.parent.dropFirst(2))
        let bad: [String] = [
            "", "127.0.0.1", String(Self.parent.dropLast()), "\(Self.parent)-", "\(Self.parent)-00",
            Self.parent.uppercased(), Self.parent.replacing("-", with: " "), "\(Self.parent.dropLast())\n", zeroTrace,
            zeroParent, "ff\(behindVersion)", "ff\(behindVersion)-00", "0g\(behindVersion)",
            "0\u{661}\(behindVersion)",
        ]
        for text in bad { #expect(RequestFields(["traceparent": text]).traceparent == nil, "\(text)") }
    }

    @Test("of a trace context of a later version what version 00 has is kept")
    func laterTraceparent() {
        let later = "cc" + Self.parent.dropFirst(2)
        #expect(RequestFields(["traceparent": later]).traceparent == later)
        #expect(RequestFields(["traceparent": later + "-what 127.0.0.1 says"]).traceparent == later)
        #expect(RequestFields(["traceparent": later + "."]).traceparent == nil)
    }

    @Test("of two trace contexts none is taken")
    func twoTraceparents() {
        for second in [Self.parent, "bad"] {
            let fields = HTTPHeaders([("traceparent", Self.parent), ("traceparent", second)])
            #expect(RequestFields(fields).traceparent == nil)
        }
        let three = [("traceparent", Self.parent), ("traceparent", ""), ("traceparent", Self.parent)]
        #expect(RequestFields(HTTPHeaders(three)).traceparent == nil)
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
