import NIOCore
import NIOHTTP1
import NIOPosix

/// The ceiling: SwiftNIO's own HTTP/1 pipeline and a handler that reads the body and responds with two bytes.
///
/// It listens on 127.0.0.1:`PORT`; `LOOPS` is the number of event loops (1).
@main
enum Bare {
    static func main() async throws {
        let environment = Environment()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: environment.number("LOOPS") ?? 1)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(TwoBytes())
                }
            }
            .bind(host: "127.0.0.1", port: environment.number("PORT") ?? 8000)
            .get()
        try await listener.closeFuture.get()
    }
}
