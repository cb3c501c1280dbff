import NIOCore
import Testing

@testable import Redis

@Suite struct RedisRedirectTests {
    @Test(
        "an error reply is a redirect only in the exact form of one",
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", RedisRedirect.moved(slot: 3999, host: "127.0.0.1", port: 6381)),
            ("MOVED 0 :6381", .moved(slot: 0, host: "", port: 6381)),
            ("MOVED 16383 2001:db8::1:6381", .moved(slot: 16383, host: "2001:db8::1", port: 6381)),
            ("ASK 3999 node.example:70000", .ask(host: "node.example", port: 70_000)),
            ("TRYAGAIN Multiple keys request during rehashing of slot", .tryAgain),
            ("MOVED 16384 127.0.0.1:6381", nil), ("MOVED -1 127.0.0.1:6381", nil), ("MOVED 1 127.0.0.1", nil),
            ("MOVED 1 127.0.0.1:", nil), ("MOVED  1 127.0.0.1:1", nil), ("MOVED 1 a:1 b", nil), ("MOVED", nil),
            ("moved 1 a:1", nil), ("MOVEDX 1 a:1", nil), ("ASK 1", nil), ("MISCONF x", nil), ("", nil),
            ("CLUSTERDOWN The cluster is down", nil), ("MOVED 1 \(String(repeating: "a", count: 600)):1", nil),
        ])
    func line(text: String, redirect: RedisRedirect?) {
        #expect(RedisRedirect(ByteBuffer(string: text)) == redirect)
    }
}
