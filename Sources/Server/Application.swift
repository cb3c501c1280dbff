import ArgumentParser
import HTTP1
import Logging
import Model
import NIOCore
import NIOPosix
import Platform
import PredictionCache
import ScoringLog

/// The composition root: builds everything from a configuration, in the one place that names every concrete type.
struct Application {
    let configuration: Configuration
    let logger: Logger

    init(_ configuration: Configuration) {
        self.configuration = configuration
        let level = configuration.logLevel
        logger = Logger(label: "bungalow") { MessageStream.ofProcess.handler($0, level) }
    }

    /// Serves until SIGTERM or SIGINT; then finishes the requests under way, flushes the log and ends.
    ///
    /// - Parameter logDescriptor: the scoring log's descriptor; -1 if it cannot be written anywhere.
    func run(logDescriptor: Int32) async throws {
        // A reader of the log or a client may go away at any time, and a file may reach its maximum size. The write's
        // error reports that, so the signal is not needed.
        for signal in [SIGPIPE, SIGXFSZ] { Platform.signal(signal, SIG_IGN) }
        let descriptors = DescriptorLimit(
            connections: configuration.maximumConnections, eventLoops: configuration.eventLoops)
        if let failure = descriptors.failure { throw StartError.system.reported(failure) }
        if let warning = descriptors.warning { logger.warning("\(warning)") }
        let files = ReloadableFiles(modelPath: configuration.modelPath, apiKeysPath: configuration.apiKeysPath)
        let (model, apiKeys) = try loadFiles(files)
        let logger = logger
        let logWriter = ScoringLogWriter(fileDescriptor: logDescriptor) { logger.warning("\($0)") }
        let caches = CacheFactory(configuration.cacheSettings, logger)
        let limits = makeLimits(connections: descriptors.possibleConnections)
        let status = StatusEndpoints(
            limits, logWriter, caches.sharedStatus,
            BuildInfo(modelVersion: model.version, configuration: configuration))
        let parts = Worker.Parts(
            configuration: configuration, limits: limits, model: model, apiKeys: apiKeys, caches: caches,
            logWriter: logWriter, status: status, pages: Pages(configuration), syntheticCost: makeSyntheticCost(),
            logger: logger)

        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let workers = try await makeWorkers(group, parts)
        logWriter.onRoom { limits.wakeQueues() }
        // From here on a client that finds the server running can also have it shut down in order.
        Signals.ofProcess.serve()
        let listeners = try await listen(group, workers)
        announce(listeners, model.version, from: files, caches)

        let shutdown = Shutdown(
            drainDelay: .seconds(Int64(configuration.drainDelaySeconds)),
            grace: .seconds(Int64(configuration.shutdownGraceSeconds)))
        let stop = AsyncStream<Never>.makeStream()
        let watch = Task {
            await obey(shutdown, stop.continuation) { await reload(files, workers, status) }
        }
        await HTTPService(listeners: listeners.channels, workers: workers, shutdown: shutdown).run(until: stop.stream)
        await LogService(workers: workers, writer: logWriter, shutdown: shutdown, logger: logger).close()
        await CacheService(workers: workers, shutdown: shutdown).close()
        watch.cancel()
        try await group.shutdownGracefully()
        logger.info("Bungalow has stopped")
    }

    /// SIGHUP reloads, SIGTERM and SIGINT stop.
    private func obey(
        _ shutdown: Shutdown, _ stop: AsyncStream<Never>.Continuation, reload: () async -> Void
    ) async {
        for await signal in Signals.ofProcess.whileServing {
            if signal == SIGHUP {
                await reload()
                continue
            }
            if signal == SIGINT { shutdown.skipDelay() }
            logger.info("Bungalow is stopping; a second signal ends it at once")
            stop.finish()
        }
    }

    private func reload(_ files: ReloadableFiles, _ workers: [Worker], _ status: StatusEndpoints) async {
        do {
            let model = try files.model()
            for worker in workers { try? await worker.replace(model).get() }
            status.modelChanged(model.version)
            logger.info("model: version \(model.version) from \(files.modelName)")
        } catch {
            logger.error("the old model stays: \(error)")
        }
        do {
            guard let apiKeys = try files.apiKeys() else { return }
            for worker in workers { try? await worker.replace(apiKeys).get() }
            logger.info("API keys: read again")
        } catch {
            logger.error("the old API keys stay: \(error)")
        }
    }

    private func loadFiles(_ files: ReloadableFiles) throws -> (LinearModel, APIKeys?) {
        do {
            return (try files.model(), try files.apiKeys())
        } catch {
            throw StartError.configuration.reported("\(error)")
        }
    }

    private func makeLimits(connections: Int) -> ConcurrencyLimits {
        ConcurrencyLimits(
            inFlight: configuration.maximumInFlight, queued: configuration.maximumQueued,
            cores: ProcessInfo.processInfo.activeProcessorCount, connections: connections,
            bufferedBytes: configuration.maximumBufferedBytes)
    }

    private func makeSyntheticCost() -> ModelRunner.SyntheticCost {
        let threads = NIOThreadPool(numberOfThreads: ProcessInfo.processInfo.activeProcessorCount)
        if configuration.syntheticBusyMilliseconds > 0 { threads.start() }
        return ModelRunner.SyntheticCost(
            sleep: .milliseconds(Int64(configuration.syntheticSleepMilliseconds)),
            busy: .milliseconds(Int64(configuration.syntheticBusyMilliseconds)), threads: threads)
    }

    private func makeWorkers(_ group: MultiThreadedEventLoopGroup, _ parts: Worker.Parts) async throws -> [Worker] {
        var workers: [Worker] = []
        for eventLoop in group.makeIterator() {
            let isFirst = workers.isEmpty
            do {
                let worker = eventLoop.submit { try Worker(parts, on: eventLoop, isFirst: isFirst) }
                workers.append(try await worker.get())
            } catch is Worker.OutOfMemory {
                throw StartError.system.reported(
                    "there is not enough memory for \(configuration.eventLoops) event loops")
            }
        }
        return workers
    }

    private func listen(_ group: MultiThreadedEventLoopGroup, _ workers: [Worker]) async throws -> Listeners {
        let (host, port) = (configuration.bindHost, configuration.port)
        do throws(Listeners.BindError) {
            return try await Listeners(host: host, port: port) { makeBootstrap(group, workers) }
        } catch {
            switch error {
            case .unknownHost(let address): throw unknownHost(address)
            case .inUse(let address):
                let free = await Listeners.freePort(near: port, of: host, group)
                throw StartError.unavailable.reported(
                    "port \(port) of \(host) is in use (\(address)): choose another one, for example "
                        + "script/server --port \(free)")
            case .failed(let address, let code):
                throw StartError.unavailable.reported(
                    "cannot listen on port \(port) of \(host) (\(address)): \(String(cString: strerror(code)))")
            }
        }
    }

    private func makeBootstrap(_ group: MultiThreadedEventLoopGroup, _ workers: [Worker]) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Responses to one read are buffered before their client is held back, and can be forty times as large.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try HTTPService.addHandlers(to: channel, workers) }
            }
    }

    /// - Parameter address: the host's address if it does not belong to this machine; nil if the host has none.
    private func unknownHost(_ address: String?) -> ExitCode {
        let host = configuration.bindHost
        let cause = address.flatMap { $0 == host ? nil : " (\(host) is \($0), which is not of this machine)" } ?? ""
        let allowed =
            BindHostMistake.advice(for: host)
            ?? "an address of this machine, a name that resolves to one, or * for all addresses\(cause)"
        return StartError.configuration.reported(
            "\(ConfigurationError(variable: "BIND_HOST", value: host, allowed: allowed))")
    }

    private func announce(
        _ listeners: Listeners, _ modelVersion: String, from files: ReloadableFiles, _ caches: CacheFactory
    ) {
        logger.info("Bungalow listens on \(listeners.description)")
        if listeners.isWithoutIPv6 { logger.info("IPv4 only: this machine has no IPv6") }
        logger.info("cache: \(caches.description)")
        logger.info("model: version \(modelVersion) from \(files.modelName)")
    }
}
