import Bytes
import TestSupport
import Testing

@testable import HTTP1

/// What is read from a request's header fields.
@Suite struct RequestFieldsTests {
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// The result of these fields, each without white space around its value.
    private func fields(_ sent: (name: String, value: String)...) -> RequestFields { fields(sent) }

    private func fields(_ sent: [(name: String, value: String)], keepsAccept: Bool = false) -> RequestFields {
        var fields = RequestFields(keepsAccept: keepsAccept)
        for (name, value) in sent {
            let isTaken = Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { fields.take(name, $0, "x-marker") }
            }
            #expect(isTaken, "\(name): \(value)")
        }
        return fields
    }

    @Test("a trace context is kept in W3C's form only, since it is logged", .proves("C3.10", "T18"))
    func traceparent() {
        #expect(fields(("TraceParent", Self.parent)).traceparent == Self.parent)
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
        for text in bad { #expect(fields(("traceparent", text)).traceparent == nil, "\(text)") }
    }

    @Test("of a trace context of a later version the fields of version 00 are kept", .proves("C3.10"))
    func laterTraceparent() {
        let later = "cc" + Self.parent.dropFirst(2)
        #expect(fields(("traceparent", later)).traceparent == later)
        #expect(fields(("traceparent", later + "-what 127.0.0.1 says")).traceparent == later)
        #expect(fields(("traceparent", later + ".")).traceparent == nil)
    }

    @Test("of two trace contexts neither is taken", .proves("C3.10"))
    func twoTraceparents() {
        for second in [Self.parent, "bad"] {
            #expect(fields(("traceparent", Self.parent), ("traceparent", second)).traceparent == nil)
        }
        let three = [("traceparent", Self.parent), ("traceparent", ""), ("traceparent", Self.parent)]
        #expect(fields(three).traceparent == nil)
    }

    @Test("the request id is the first valid X-Ms-Request-Id, else the first valid X-Request-Id")
    func requestID() {
        func id(_ sent: [(String, String)]) -> String? { fields(sent).requestID?.description }
        #expect(id([("X-Request-Id", "b"), ("x-ms-request-id", "a")]) == "a")
        #expect(id([("X-Ms-Request-Id", "a b"), ("X-Ms-Request-Id", "c"), ("X-Ms-Request-Id", "d")]) == "c")
        #expect(id([("X-Ms-Request-Id", "127.0.0.1"), ("X-Request-Id", ""), ("X-Request-Id", "e")]) == "e")
        #expect(id([("X-Request-Id", String(repeating: "a", count: 65))]) == nil)
        #expect(id([("X-Request-Id", String(repeating: "a", count: 64))])?.count == 64)
    }

    @Test("a trace's id is read if its caller records it, according to the sampled flag", .proves("C6.17"))
    func traceID() throws {
        let id = "0af7651916cd43dd8448eb211c80319c"
        for flags in ["01", "03", "ff"] {
            #expect(TraceID(sampledIn: "\(Self.parent.dropLast(2))\(flags)")?.text == id)
        }
        for flags in ["00", "02", "fe"] { #expect(TraceID(sampledIn: "\(Self.parent.dropLast(2))\(flags)") == nil) }
        #expect(TraceID(sampledIn: "") == nil && TraceID(sampledIn: Self.parent + "-") == nil)
        let edges = "f00000000000000ff00000000000000f"
        #expect(TraceID(sampledIn: Self.parent.replacing(id, with: edges))?.text == edges)
    }

    @Test("Accept is one list of all its fields, kept for GET and HEAD only")
    func accept() {
        func accept(_ values: String..., kept: Bool = true) -> String? {
            fields(values.map { ("Accept", $0) }, keepsAccept: kept).accept
        }
        #expect(accept() == nil && accept("*/*") == "*/*" && accept("a/b", kept: false) == nil)
        #expect(accept("a/b;q=0.5") == "a/b;q=0.5" && accept("a/b", "*/*", "c/d") == "a/b,*/*,c/d")
        for (method, accept) in [("GET", "a/b"), ("HEAD", "a/b"), ("POST", nil)] {
            var head = Array("\(method) / HTTP/1.1".utf8).withUnsafeBytes { RequestHead(line: $0) }
            Array("accept".utf8).withUnsafeBytes { name in
                Array("a/b".utf8).withUnsafeBytes { _ = head?.fields.take(name, $0, "x-marker") }
            }
            #expect(head?.fields.accept == accept, "\(method)")
        }
    }
}
