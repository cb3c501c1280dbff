import NIOCore
import NIOEmbedded
import Testing

@testable import HTTP1

/// A connection with a service of the test's own, which has nothing to do with houses: it echoes bodies.
@Suite struct HTTPConnectionTests {
    private final class EchoService: HTTPConnectionDelegate {
        let markerField: StaticString = "x-marker"
        var held: [(exchange: HTTPExchange, body: ByteBuffer)] = []
        var isHolding = false
        var statuses: [Int] = []
        var hasClientGone = false

        var unreadable: RequestRoute { RequestRoute(index: 8, detail: nil, isProbe: false, readsBody: false) }

        func route(_ head: RequestHead) -> RequestRoute {
            RequestRoute(index: 7, detail: nil, isProbe: false, readsBody: true)
        }

        func objection(to head: RequestHead, on route: RequestRoute) -> HTTPError? {
            head.target == "/secret" ? HTTPError(status: .unauthorized, detail: "No") : nil
        }

        func respond(to exchange: HTTPExchange, _ body: ByteBuffer) {
            if isHolding { held.append((exchange, body)) } else { exchange.respond(ResponseHead(.ok), body) }
        }

        func respond(to exchange: HTTPExchange, _ error: HTTPError) {
            exchange.respond(error.head, ByteBuffer(string: "\(error.detail)"))
        }

        func responded(to request: IncomingRequest, _ status: ResponseStatus) { statuses.append(status.code) }
        func rejected(by limit: ConnectionLimit) {}
        func connectionFailed(_ error: any Error) {}
        func clientHasGone() { hasClientGone = true }
    }

    /// One connection on an event loop that only the test runs.
    private final class Bench {
        let service = EchoService()
        let channel = EmbeddedChannel()
        let bufferedBytes = Semaphore(maximum: 1 << 20)

        init() throws {
            let group = ConnectionGroup(
                .init(
                    maximumBodyBytes: 100,
                    timeouts: ReadTimeouts(head: .seconds(1), body: .seconds(1), idle: .seconds(1))),
                ConnectionLimits(connections: 10, bufferedBytes: bufferedBytes),
                Tick(on: channel.eventLoop, WallClock()), on: channel.eventLoop)
            try channel.pipeline.syncOperations.addHandler(HTTPConnection(in: group, service))
            channel.pipeline.fireChannelActive()
        }

        func send(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
            channel.embeddedEventLoop.run()
        }

        func received() throws -> String {
            channel.embeddedEventLoop.run()
            var text = ""
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            return text
        }
    }

    private static func post(_ body: String) -> String {
        "POST /echo HTTP/1.1\r\nHost: a\r\nX-Request-Id: id-1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("a request is passed to the service complete, and its response leaves with its id and length")
    func echo() throws {
        let bench = try Bench()
        let request = Self.post("hello")
        try bench.send(String(request.prefix(20)))
        #expect(bench.bufferedBytes.inUse == 21, "the kept bytes of an incomplete request are accounted for")
        try bench.send(String(request.dropFirst(20)))
        let response = try bench.received()
        #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n") && response.hasSuffix("\r\n\r\nhello"))
        #expect(response.contains("\r\nContent-Length: 5\r\n") && response.contains("\r\nX-Request-Id: id-1\r\n"))
        #expect(bench.bufferedBytes.inUse == 0 && bench.service.statuses == [200])
    }

    @Test("responses that are ready in another order leave in the order of their requests, in one write")
    func order() throws {
        let bench = try Bench()
        bench.service.isHolding = true
        try bench.send(Self.post("1") + Self.post("2"))
        #expect(bench.service.held.count == 2)
        for (exchange, body) in bench.service.held.reversed() { exchange.respond(ResponseHead(.ok), body) }
        bench.channel.embeddedEventLoop.run()
        let written = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
        let bodies = String(buffer: written).split(separator: "HTTP/1.1 200 OK").map { String($0.suffix(1)) }
        #expect(bodies == ["1", "2"])
        #expect(try bench.received().isEmpty)
    }

    @Test("an error of the service or of HTTP is sent before the body has arrived, and ends the connection")
    func early() throws {
        for (request, status) in [
            ("GET /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 401),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413), ("nonsense\r\n", 400),
        ] {
            let bench = try Bench()
            try bench.send(request)
            let response = try bench.received()
            #expect(response.hasPrefix("HTTP/1.1 \(status) ") && response.contains("\r\nConnection: close\r\n"))
            try bench.send(Self.post("more"))
            #expect(try bench.received().isEmpty && bench.service.statuses == [status])
        }
    }

    @Test("a client that goes before its response is reported, and its exchange is abandoned")
    func gone() throws {
        let bench = try Bench()
        bench.service.isHolding = true
        try bench.send(Self.post("1"))
        #expect(bench.service.held.first?.exchange.isAbandoned == false)
        _ = try bench.channel.finish(acceptAlreadyClosed: true)
        #expect(bench.service.hasClientGone && bench.service.held.first?.exchange.isAbandoned == true)
        bench.service.held.first?.exchange.respond(ResponseHead(.ok), ByteBuffer())
        #expect(bench.service.statuses == [200], "it still counts")
    }
}
