import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

/// A connected channel with the handler in it, and what it reported.
final class EmbeddedConnection {
    let channel = EmbeddedChannel()
    let handler: RedisChannelHandler
    var events: [RedisChannelHandler.Event] = []
    /// The numbers of the stores that were settled.
    var settled: [Int] = []
    /// The commands that the server has redirected.
    var redirected: [RedisChannelHandler.Redirected] = []
    var answers: [String: [RedisLookup]] = [:]

    init(password: String? = nil, configure: (inout RedisConfiguration) -> Void = { _ in }) throws {
        var configuration = RedisConfiguration(host: "redis.test")
        configure(&configuration)
        var record: (RedisChannelHandler.Event) -> Void = { _ in }
        var settle: (Int, RedisError?) -> Void = { _, _ in }
        var redirect: (RedisChannelHandler.Redirected) -> Void = { _ in }
        let handler = RedisChannelHandler(
            configuration: configuration,
            password: password,
            connectDeadline: channel.eventLoop.now + configuration.connectTimeout,
            onEvent: { record($0) },
            onStoreSettled: { settle($0, $1) },
            onRedirect: { redirect($0) }
        )
        self.handler = try #require(handler)
        record = { [unowned self] in events.append($0) }
        settle = { [unowned self] number, _ in settled.append(number) }
        redirect = { [unowned self] in redirected.append($0) }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).wait()
        try channel.pipeline.syncOperations.addHandler(self.handler)
    }

    /// Closes the channel, if it is open, and releases everything.
    func finish() {
        _ = try? channel.finish()
        channel.embeddedEventLoop.run()
    }

    func get(_ key: String, upTo byteCount: Int = 8, then: @escaping () -> Void = {}) {
        Array(key.utf8).withUnsafeBytes { bytes in
            let request = ClosureLookup(key) { [self] lookup in
                answers[key, default: []].append(lookup)
                then()
            }
            handler.getRange(key: bytes, upTo: byteCount, request)
        }
    }

    @discardableResult
    func set(_ key: String, _ value: String, number: Int = 0) -> Bool {
        Array(key.utf8).withUnsafeBytes { key in
            Array(value.utf8).withUnsafeBytes { value in
                handler.set(number, key: key, value: value, expireSeconds: 60)
            }
        }
    }

    /// Makes the socket accept no bytes, or accept them again, as a channel reports it to its handlers.
    func becomeWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    func receive(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    /// Everything written since the last call, each write separately.
    func sent() throws -> [String] {
        var writes: [String] = []
        while let write = try channel.readOutbound(as: ByteBuffer.self) {
            writes.append(String(buffer: write))
        }
        return writes
    }

    func sentText() throws -> String {
        try sent().joined()
    }
}
