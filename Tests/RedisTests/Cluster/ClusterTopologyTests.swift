import Testing

@testable import Redis

@Suite struct ClusterTopologyTests {
    private func node(_ host: RESPValue, _ port: Int) -> RESPValue {
        .array([host, .number(port), .text("an id"), .array([.text("hostname"), .text("a.example")])])
    }

    @Test("CLUSTER SLOTS: the first node of each entry is the primary")
    func slots() throws {
        let reply = RESPValue.array([
            .array([.number(0), .number(5460), node(.text("10.0.0.1"), 6379), node(.text("10.0.0.4"), 6379)]),
            .array([.number(5461), .number(5461), node(.null, 6380)]),
            .array([.number(5462), .number(16_383), node(.text(""), 6381)]),
            .array([.number(1), .number(2), node(.text("?"), 6381)]),
        ])
        #expect(
            try ClusterTopology.read(reply, of: .slots, usesTLS: false) == [
                AnnouncedSlots(slots: 0...5460, host: "10.0.0.1", port: 6379),
                AnnouncedSlots(slots: 5461...5461, host: "", port: 6380),
                AnnouncedSlots(slots: 5462...16_383, host: "", port: 6381),
            ])
        #expect(try ClusterTopology.read(.array([]), of: .slots, usesTLS: false).isEmpty)
    }

    @Test("CLUSTER SHARDS: the online primary's endpoint, with the port for TLS where that is used")
    func shards() throws {
        func shardNode(_ host: String, _ role: String, _ health: String) -> RESPValue {
            .array([
                .text("id"), .text("x"), .text("port"), .number(6379), .text("tls-port"), .number(6380), .text("ip"),
                .text("10.9.9.9"), .text("endpoint"), .text(host), .text("role"), .text(role), .text("health"),
                .text(health),
            ])
        }
        let nodes = [
            shardNode("10.0.0.1", "replica", "online"), shardNode("10.0.0.2", "master", "fail"),
            shardNode("10.0.0.3", "master", "online"),
        ]
        let bounds: [RESPValue] = [.number(0), .number(9), .number(20), .number(29)]
        let reply = RESPValue.array([
            .array([.text("slots"), .array(bounds), .text("nodes"), .array(nodes)]),
            .array([.text("slots"), .array([]), .text("nodes"), .array([])]),
        ])
        for (usesTLS, port) in [(false, 6379), (true, 6380)] {
            #expect(
                try ClusterTopology.read(reply, of: .shards, usesTLS: usesTLS) == [
                    AnnouncedSlots(slots: 0...9, host: "10.0.0.3", port: port),
                    AnnouncedSlots(slots: 20...29, host: "10.0.0.3", port: port),
                ])
        }
    }

    @Test(
        "a reply of another form is an error",
        arguments: [
            RESPValue.null, .text("OK"), .array([.number(1)]), .array([.array([.number(1), .number(2)])]),
            .array([.array([.number(1), .number(2), .array([.text("a")])])]),
            .array([.array([.number(2), .number(1), .array([.text("a"), .number(1)])])]),
            .array([.array([.number(0), .number(16_384), .array([.text("a"), .number(1)])])]),
            .array([.array([.number(-1), .number(1), .array([.text("a"), .number(1)])])]),
            .array([.array([.text("0"), .number(1), .array([.text("a"), .number(1)])])]),
            .array([.array([.number(0), .number(1), .array([.number(1), .number(1)])])]),
        ])
    func malformed(reply: RESPValue) {
        for command in [ClusterCommand.slots, .shards] {
            #expect(throws: ClusterTopology.Malformed.self) {
                try ClusterTopology.read(reply, of: command, usesTLS: false)
            }
        }
    }
}
