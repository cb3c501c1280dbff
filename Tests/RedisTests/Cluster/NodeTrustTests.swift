import NIOCore
import TestSupport
import Testing

@testable import Redis

/// Which announced nodes are connected to, and under which names.
@Suite struct NodeTrustTests {
    /// An announcement that a server elsewhere makes, and its outcome.
    struct Announcement: Sendable {
        let url: String
        let host: String
        var port = 6379
        /// The node's address, or part of the reason why it is not used.
        let outcome: String
    }

    @Test(
        "an announced address is used or not, depending on its kind and that of the URL's host", .proves("T55"),
        arguments: [
            Announcement(url: "redis.example", host: "10.1.2.3", outcome: "10.1.2.3:6379"),
            Announcement(url: "redis.example", host: "node-1.example", outcome: "node-1.example:6379"),
            Announcement(url: "redis.example", host: "2001:db8::7", port: 8500, outcome: "[2001:db8::7]:8500"),
            Announcement(url: "redis.example", host: "", port: 7, outcome: "10.0.0.9:7"),
            Announcement(url: "redis.example", host: "127.0.0.1", outcome: "a loopback address is used only if"),
            Announcement(url: "redis.example", host: "localhost", outcome: "a loopback address"),
            Announcement(url: "redis.example", host: "x.LOCALHOST", outcome: "a loopback address"),
            Announcement(url: "redis.example", host: "::1", outcome: "a loopback address"),
            Announcement(url: "redis.example", host: "::ffff:127.0.0.1", outcome: "a loopback address"),
            Announcement(url: "redis.example", host: "64:ff9b::7f00:1", outcome: "a loopback address"),
            Announcement(url: "redis.example", host: "169.254.169.254", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "::ffff:169.254.169.254", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "fe80::1", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "febf::1", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "0.0.0.0", outcome: "an unspecified address"),
            Announcement(url: "redis.example", host: "::", outcome: "an unspecified address"),
            Announcement(url: "redis.example", host: "224.0.0.1", outcome: "a multicast address"),
            Announcement(url: "redis.example", host: "255.255.255.255", outcome: "a multicast address"),
            Announcement(url: "redis.example", host: "ff02::1", outcome: "a multicast address"),
            Announcement(url: "127.0.0.1", host: "127.0.0.1", outcome: "127.0.0.1:6379"),
            Announcement(url: "localhost", host: "::1", outcome: "[::1]:6379"),
            Announcement(url: "127.0.0.1", host: "169.254.169.254", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "10.1.2.3", port: 0, outcome: "its port is not 1 to 65535"),
            Announcement(url: "redis.example", host: "10.1.2.3", port: 65_536, outcome: "its port is not"),
            Announcement(url: "redis.example", host: "a b", outcome: "neither a host name nor an address"),
            Announcement(url: "redis.example", host: "a\u{1B}[1m", outcome: "\"a?[1m\" is not used"),
            Announcement(url: "redis.example", host: "fe80::1%eth0", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "fe80::1%no-such-0", outcome: "a link-local address"),
            Announcement(url: "redis.example", host: "10.1.2.3%eth0", outcome: "neither a host name nor an address"),
            Announcement(
                url: "redis.example", host: String(repeating: "a", count: 254), outcome: "more than 253 bytes"),
        ])
    func announced(_ announcement: Announcement) {
        let trust = NodeTrust(host: announcement.url)
        do throws(NodeTrust.Refusal) {
            let node = try trust.node(host: announcement.host, port: announcement.port, announcedBy: "10.0.0.9")
            #expect("\(node)" == announcement.outcome)
        } catch {
            #expect("\(error)".contains(announcement.outcome))
        }
    }

    @Test("the address that the URL's name resolved to decides, once its connection was made", .proves("T55"))
    func reached() throws {
        var trust = NodeTrust(host: "redis.example")
        trust.reached(try SocketAddress(ipAddress: "127.0.0.1", port: 1))
        #expect(try trust.node(host: "127.0.0.1", port: 1, announcedBy: "").host == "127.0.0.1")
        #expect(throws: NodeTrust.Refusal.self) {
            try trust.node(host: "169.254.1.1", port: 1, announcedBy: "")
        }
    }

    @Test("a node whose name leads to a forbidden address is not used", .proves("T55"))
    func resolved() throws {
        let trust = NodeTrust(host: "redis.example")
        let node = NodeAddress(host: "node.example", port: 6379)
        try trust.check(SocketAddress(ipAddress: "10.0.0.1", port: 1), of: node)
        for address in ["127.0.0.1", "169.254.169.254", "::1", "0.0.0.0"] {
            let error = #expect(throws: NodeTrust.Refusal.self) {
                try trust.check(SocketAddress(ipAddress: address, port: 1), of: node)
            }
            #expect("\(String(describing: error))".contains("node.example"))
        }
        #expect(throws: NodeTrust.Refusal.self) { try trust.check(nil, of: node) }
    }

    @Test(
        "a certificate must carry the URL's host, or the node's name if that is in the same domain", .proves("T55"),
        arguments: [
            ("houses.westeurope.redis.azure.net", "10.1.2.3", ["houses.westeurope.redis.azure.net"]),
            (
                "houses.westeurope.redis.azure.net", "node7.westeurope.redis.azure.net",
                ["node7.westeurope.redis.azure.net", "houses.westeurope.redis.azure.net"]
            ),
            ("redis.example.com", "shard.redis.example.com", ["shard.redis.example.com", "redis.example.com"]),
            ("redis.example.com", "other.org", ["redis.example.com"]),
            ("redis.example.com", "evilexample.com", ["redis.example.com"]),
            ("redis.com", "evil.com", ["redis.com"]),
            ("REDIS.Example.com.", "redis.example.com", ["REDIS.Example.com."]),
            ("10.0.0.1", "redis.example.com", ["10.0.0.1"]),
        ])
    func names(url: String, node: String, names: [String]) {
        #expect(NodeTrust(host: url).certificateNames(of: NodeAddress(host: node, port: 1)) == names)
    }
}
