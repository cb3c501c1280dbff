import ArgumentParser
import Foundation
import Logging
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import ScoringLog
import ServiceLifecycle
import UnixSignals

/// The composition root: builds everything from a configuration, in the one place that names every concrete type.
struct Application {
    let configuration: Configuration
    let logger: Logger

    init(_ configuration: Configuration) {
        self.configuration = configuration
        let level = configuration.logLevel
        logger = Logger(label: "bungalow") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }

    /// Serves until SIGTERM or SIGINT; then answers what is under way, flushes the log and ends.
    func run() async throws {
        // A reader of the log or a client may go away at any time: a write's error says so, and no signal is wanted.
        signal(SIGPIPE, SIG_IGN)
        let model = try loadModel()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let logger = logger
        // Closed at the start, its number would go to the next file or socket that is opened.
        let standardOutput = fcntl(STDOUT_FILENO, F_GETFD) < 0 ? -1 : STDOUT_FILENO
        let logWriter = ScoringLogWriter(fileDescriptor: standardOutput) { logger.warning("\($0)") }
        let caches = CacheFactory(configuration, logger)
        let workers = try await makeWorkers(group, model, caches, logWriter)
        let listener = try await listen(group, workers)

        let services: [any Service] = [
            CacheService(workers: workers),
            LogService(workers: workers, writer: logWriter),
            HTTPService(listener: listener, workers: workers) { announce(listener, model, caches) },
        ]
        // Ended in reverse: first the server, then the log, the cache last.
        let configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await ServiceGroup(configuration: configuration).run()
        try await group.shutdownGracefully()
        logger.info("Bungalow has stopped")
    }

    private func loadModel() throws -> LinearModel {
        do {
            guard let path = configuration.modelPath else { return try ModelFile.builtIn() }
            guard let file = FileManager.default.contents(atPath: path) else {
                throw StartFailure.configuration.reported(
                    "MODEL_PATH=\(path) is not allowed: use a model file of trainer/ that can be read")
            }
            return try ModelFile.read(Array(file), name: "MODEL_PATH=\(path)")
        } catch let error as ModelFileError {
            throw StartFailure.configuration.reported("\(error)")
        }
    }

    private func makeWorkers(
        _ group: MultiThreadedEventLoopGroup, _ model: LinearModel, _ caches: CacheFactory,
        _ logWriter: ScoringLogWriter
    ) async throws -> [Worker] {
        var workers: [Worker] = []
        for eventLoop in group.makeIterator() {
            let isFirst = workers.isEmpty
            let worker = eventLoop.submit { [configuration, logger] in
                try Worker(
                    eventLoop: eventLoop, configuration, logger: logger, model: model,
                    cache: caches.cache(on: eventLoop, isFirst: isFirst), logWriter: logWriter)
            }
            do {
                workers.append(try await worker.get())
            } catch is Worker.OutOfMemory {
                throw StartFailure.system.reported(
                    "there is not enough memory for \(configuration.eventLoops) event loops")
            }
        }
        return workers
    }

    private func listen(_ group: MultiThreadedEventLoopGroup, _ workers: [Worker]) async throws -> any Channel {
        let host = configuration.bindHost
        let port = configuration.port
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Answers of one read are buffered before their client is held back, and can be forty times as large.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try HTTPService.addHandlers(to: channel, workers) }
            }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            let free = await Self.freePort(near: port, of: host, group)
            throw StartFailure.unavailable.reported(
                "port \(port) of \(host) is in use: choose another one, for example script/server --port \(free)")
        } catch {
            throw StartFailure.unavailable.reported("cannot listen on \(host) port \(port): \(error)")
        }
    }

    /// A port above this one that nothing listens on; 0, which takes any, if none of the next is free.
    private static func freePort(near port: Int, of host: String, _ group: MultiThreadedEventLoopGroup) async -> Int {
        for candidate in port + 1...port + 10 where candidate <= 65_535 {
            guard let listener = try? await ServerBootstrap(group: group).bind(host: host, port: candidate).get() else {
                continue
            }
            try? await listener.close()
            return candidate
        }
        return 0
    }

    private func announce(_ listener: any Channel, _ model: LinearModel, _ caches: CacheFactory) {
        let port = listener.localAddress?.port ?? configuration.port
        let host = configuration.bindHost.contains(":") ? "[\(configuration.bindHost)]" : configuration.bindHost
        logger.info("Bungalow listens on http://\(host):\(port)")
        logger.info("cache: \(caches.description)")
        logger.info("model: version \(model.version) from \(configuration.modelPath ?? "the built-in file")")
    }
}
