import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A TCP server that reads Redis commands and treats its clients as a test says.
final class ScriptedPeer: Sendable {
    enum Action {
        case send(String)
        /// Each byte in a write of its own, one per tick of the event loop.
        case drip(String)
        /// Keeps the text until `release()`.
        case hold(String)
        case reset
        case close
    }

    /// What to do when connection number `connection` (from 0) opens (`[]`) or sends a command (its arguments).
    typealias Script = @Sendable (_ connection: Int, _ command: [String]) -> [Action]

    let port: Int
    private let server: any Channel
    private let handlers: NIOLockedValueBox<[any Channel]>
    private let held: NIOLockedValueBox<[(any Channel, String)]>

    /// The number of connections accepted so far.
    var connectionCount: Int {
        handlers.withLockedValue { $0.count }
    }

    private init(
        server: any Channel,
        handlers: NIOLockedValueBox<[any Channel]>,
        held: NIOLockedValueBox<[(any Channel, String)]>
    ) {
        self.server = server
        self.handlers = handlers
        self.held = held
        port = server.localAddress?.port ?? 0
    }

    /// Runs `body` with a peer that plays `script`, and stops it whatever happens.
    static func with(script: @escaping Script, body: (ScriptedPeer) async throws -> Void) async throws {
        let channels = NIOLockedValueBox<[any Channel]>([])
        let held = NIOLockedValueBox<[(any Channel, String)]>([])
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                let number = channels.withLockedValue { channels in
                    channels.append(channel)
                    return channels.count - 1
                }
                return channel.eventLoop.makeCompletedFuture {
                    let handler = Handler(number: number, script: script, held: held)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let peer = ScriptedPeer(server: server, handlers: channels, held: held)
        do {
            try await body(peer)
        } catch {
            await peer.stop()
            throw error
        }
        await peer.stop()
    }

    /// Sends what was kept; on a connection that is closed it is lost.
    func release() async {
        let pieces = held.withLockedValue { held in
            defer { held = [] }
            return held
        }
        for (channel, text) in pieces {
            _ = try? await channel.writeAndFlush(ByteBuffer(string: text)).get()
        }
    }

    private func stop() async {
        _ = try? await server.close().get()
        for channel in handlers.withLockedValue({ $0 }) {
            _ = try? await channel.close().get()
        }
    }

    /// A good server's replies; the value of every key is the key itself.
    static func behave(_ command: [String]) -> [Action] {
        switch command.first {
        case nil: return []
        case "PING": return [.send("+PONG\r\n")]
        case "GETRANGE": return [.send("$\(command[1].utf8.count)\r\n\(command[1])\r\n")]
        default: return [.send("+OK\r\n")]
        }
    }
}

extension ScriptedPeer {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let number: Int
        private let script: Script
        private let held: NIOLockedValueBox<[(any Channel, String)]>
        private var received = ByteBuffer()

        init(number: Int, script: @escaping Script, held: NIOLockedValueBox<[(any Channel, String)]>) {
            self.number = number
            self.script = script
            self.held = held
        }

        func channelActive(context: ChannelHandlerContext) {
            play(script(number, []), in: context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            while let command = readCommand() {
                play(script(number, command), in: context)
            }
        }

        private func play(_ actions: [Action], in context: ChannelHandlerContext) {
            for action in actions {
                switch action {
                case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .drip(let text): drip(text.utf8[...], into: context.channel)
                case .hold(let text): held.withLockedValue { $0.append((context.channel, text)) }
                case .close: context.close(promise: nil)
                case .reset:
                    // A close with linger time zero is an RST.
                    if let options = context.channel as? any SocketOptionProvider {
                        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
                    }
                    context.close(promise: nil)
                }
            }
        }

        private func drip(_ text: Substring.UTF8View, into channel: any Channel) {
            guard let byte = text.first else { return }
            channel.writeAndFlush(ByteBuffer(bytes: [byte]), promise: nil)
            channel.eventLoop.assumeIsolated().execute { self.drip(text.dropFirst(), into: channel) }
        }

        /// An array of bulk strings, or nil while it is incomplete.
        private func readCommand() -> [String]? {
            var rest = received
            guard let count = Self.readNumber(after: "*", from: &rest) else { return nil }
            var command: [String] = []
            for _ in 0..<count {
                guard let length = Self.readNumber(after: "$", from: &rest),
                    let argument = rest.readString(length: length),
                    rest.readString(length: 2) == "\r\n"
                else { return nil }
                command.append(argument)
            }
            received = rest
            return command
        }

        private static func readNumber(after type: String, from buffer: inout ByteBuffer) -> Int? {
            guard let end = buffer.readableBytesView.firstIndex(of: 10),
                let line = buffer.readString(length: end - buffer.readerIndex + 1),
                line.hasPrefix(type)
            else { return nil }
            return Int(line.dropFirst().dropLast(line.hasSuffix("\r\n") ? 1 : 0))
        }
    }
}
