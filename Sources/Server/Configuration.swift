import ArgumentParser
import Foundation
import Logging
import PredictionCache

/// Every knob of the server: its flag, its variable, its default, what is allowed. Nothing else reads flags or the
/// environment.
struct Configuration: Sendable {
    var bindHost: String
    var port: Int
    var cache: CacheLocation
    /// nil for the password in the cache's location.
    var cachePasswordFile: String?
    /// nil for a cache without TLS.
    var cacheTLS: CacheTLS?
    var cacheTTLSeconds: Int
    var cacheDeadlineMilliseconds: Int
    var cacheNamespace: String
    /// nil for the model that is built in.
    var modelPath: String?
    var maximumBatchRecords: Int
    var maximumBodyBytes: Int
    var maximumInFlight: Int
    var maximumQueued: Int
    var queueDeadlineMilliseconds: Int
    var maximumConnections: Int
    var maximumBufferedBytes: Int
    var headTimeoutSeconds: Int
    var bodyTimeoutSeconds: Int
    var idleTimeoutSeconds: Int
    var syntheticSleepMilliseconds: Int
    var syntheticBusyMilliseconds: Int
    /// nil where no key is needed.
    var apiKeysPath: String?
    var scoringLog: CallLog.Form
    var eventLoops: Int
    var logLevel: Logger.Level
    var drainDelaySeconds: Int
    var shutdownGraceSeconds: Int

    /// The flags. A flag wins over its variable, an empty variable counts as not set.
    ///
    /// What follows a flag is its value, `-1` too: whether it is a good one is not the parser's business.
    struct Flags: ParsableArguments {
        @Option(parsing: .unconditional, help: "Address to listen on. BIND_HOST, default 127.0.0.1.")
        var bindHost: String?
        @Option(parsing: .unconditional, help: "Port to listen on; 0 takes any free one. PORT, default 8000.")
        var port: String?
        @Option(
            parsing: .unconditional,
            help: """
                Where predictions are kept: redis://[user:password@]host[:6379][/db], rediss:// for TLS, sqlite:PATH or \
                off. CACHE_URL, else REDIS_URL, default an SQLite file in your cache folder.
                """)
        var cacheURL: String?
        @Option(
            parsing: .unconditional,
            help: """
                A file with the password of Redis, read again at each connection; wins over one in the URL. \
                CACHE_PASSWORD_FILE, default none.
                """)
        var cachePasswordFile: String?
        @Option(
            parsing: .unconditional,
            help: "A PEM file with the CAs to trust for rediss://. CACHE_CA_FILE, default those of the system.")
        var cacheCAFile: String?
        @Option(
            parsing: .unconditional, help: "How long an entry lives, 1 to 31536000. CACHE_TTL_SECONDS, default 3600.")
        var cacheTTLSeconds: String?
        @Option(
            parsing: .unconditional,
            help: "How long a call waits for the cache, 1 to 60000. CACHE_DEADLINE_MS, default 20.")
        var cacheDeadlineMs: String?
        @Option(
            parsing: .unconditional,
            help: "First part of the entries' names, [A-Za-z0-9._-]{1,64}. CACHE_NAMESPACE, default 'default'.")
        var cacheNamespace: String?
        @Option(parsing: .unconditional, help: "A model file of trainer/. MODEL_PATH, default the model built in.")
        var modelPath: String?
        @Option(parsing: .unconditional, help: "Records in a batch, 1 to 1000000. MAX_BATCH_RECORDS, default 1000.")
        var maxBatchRecords: String?
        @Option(
            parsing: .unconditional,
            help: "Bytes of a request's body, 1024 to 1073741824. MAX_BODY_BYTES, default 1048576.")
        var maxBodyBytes: String?
        @Option(
            parsing: .unconditional,
            help: "Scoring calls in flight, 1 to 1000000. REPLICA_MAX_CONCURRENT_REQUESTS, default 512.")
        var replicaMaxConcurrentRequests: String?
        @Option(
            parsing: .unconditional,
            help: "Scoring calls that may wait, 0 to 1000000. MAX_QUEUED_REQUESTS, default 1024.")
        var maxQueuedRequests: String?
        @Option(
            parsing: .unconditional,
            help: "How long a call may wait before it is refused, 1 to 600000. QUEUE_DEADLINE_MS, default 1000.")
        var queueDeadlineMs: String?
        @Option(
            parsing: .unconditional,
            help: "Client connections, 1 to 1000000, within the limit of open files. MAX_CONNECTIONS, default 16384.")
        var maxConnections: String?
        @Option(
            parsing: .unconditional,
            help: """
                Bytes of all requests that are not complete or wait, 65536 to 68719476736. MAX_BUFFERED_BYTES, \
                default 67108864.
                """)
        var maxBufferedBytes: String?
        @Option(
            parsing: .unconditional,
            help: "How long a request's head may take, 1 to 3600. HEAD_TIMEOUT_SECONDS, default 10.")
        var headTimeoutSeconds: String?
        @Option(
            parsing: .unconditional,
            help: "How long a request's body may take, 1 to 3600. BODY_TIMEOUT_SECONDS, default 30.")
        var bodyTimeoutSeconds: String?
        @Option(
            parsing: .unconditional,
            help: "How long a connection may be idle, 1 to 86400. IDLE_TIMEOUT_SECONDS, default 75.")
        var idleTimeoutSeconds: String?
        @Option(
            parsing: .unconditional,
            help: "Each model run waits so long, 0 to 600000: a slow model. SYNTHETIC_SLEEP_MS, default 0.")
        var syntheticSleepMs: String?
        @Option(
            parsing: .unconditional,
            help: "Each model run burns a core so long, 0 to 600000: a heavy model. SYNTHETIC_BUSY_MS, default 0.")
        var syntheticBusyMs: String?
        @Option(
            parsing: .unconditional,
            help: "A file of Bearer keys, one a line, of which scoring needs one. API_KEYS_FILE, default none needed.")
        var apiKeysFile: String?
        @Option(
            parsing: .unconditional,
            help: "What each call writes to stdout: ml, dl, json or off. SCORING_LOG, default ml.")
        var scoringLog: String?
        @Option(parsing: .unconditional, help: "Event loops, 1 to 1024. EVENT_LOOPS, default one per core.")
        var eventLoops: String?
        @Option(
            parsing: .unconditional,
            help: "trace, debug, info, notice, warning, error or critical. LOG_LEVEL, default info.")
        var logLevel: String?
        @Option(
            parsing: .unconditional,
            help: "How long a stopping server goes on accepting, 0 to 3600. DRAIN_DELAY_SECONDS, default 5.")
        var drainDelaySeconds: String?
        @Option(
            parsing: .unconditional,
            help: "How long it then waits for calls under way, 0 to 3600. SHUTDOWN_GRACE_SECONDS, default 20.")
        var shutdownGraceSeconds: String?
    }

    /// Takes each knob from its flag, else from the environment, else its default.
    ///
    /// - Throws: `ConfigurationError` for the first value that is not allowed.
    init(_ flags: Flags, environment: [String: String]) throws(ConfigurationError) {
        let knobs = KnobReader(environment: environment)
        bindHost = knobs.text(flags.bindHost, "BIND_HOST") ?? "127.0.0.1"
        port = try knobs.number(flags.port, "PORT", 0...65_535) ?? 8000
        cache = try knobs.cache(flags.cacheURL)
        cachePasswordFile = knobs.text(flags.cachePasswordFile, "CACHE_PASSWORD_FILE")
        cacheTLS = try knobs.cacheTLS(flags.cacheCAFile, cache)
        cacheTTLSeconds = try knobs.number(flags.cacheTTLSeconds, "CACHE_TTL_SECONDS", 1...31_536_000) ?? 3600
        cacheDeadlineMilliseconds = try knobs.number(flags.cacheDeadlineMs, "CACHE_DEADLINE_MS", 1...60_000) ?? 20
        cacheNamespace = try knobs.namespace(flags.cacheNamespace)
        modelPath = knobs.text(flags.modelPath, "MODEL_PATH")
        maximumBatchRecords = try knobs.number(flags.maxBatchRecords, "MAX_BATCH_RECORDS", 1...1_000_000) ?? 1000
        maximumBodyBytes = try knobs.number(flags.maxBodyBytes, "MAX_BODY_BYTES", 1024...1 << 30) ?? 1 << 20
        maximumInFlight =
            try knobs.number(flags.replicaMaxConcurrentRequests, "REPLICA_MAX_CONCURRENT_REQUESTS", 1...1_000_000)
            ?? 512
        maximumQueued = try knobs.number(flags.maxQueuedRequests, "MAX_QUEUED_REQUESTS", 0...1_000_000) ?? 1024
        queueDeadlineMilliseconds = try knobs.number(flags.queueDeadlineMs, "QUEUE_DEADLINE_MS", 1...600_000) ?? 1000
        maximumConnections = try knobs.number(flags.maxConnections, "MAX_CONNECTIONS", 1...1_000_000) ?? 16_384
        maximumBufferedBytes =
            try knobs.number(flags.maxBufferedBytes, "MAX_BUFFERED_BYTES", 1 << 16...1 << 36) ?? 64 << 20
        headTimeoutSeconds = try knobs.number(flags.headTimeoutSeconds, "HEAD_TIMEOUT_SECONDS", 1...3600) ?? 10
        bodyTimeoutSeconds = try knobs.number(flags.bodyTimeoutSeconds, "BODY_TIMEOUT_SECONDS", 1...3600) ?? 30
        idleTimeoutSeconds = try knobs.number(flags.idleTimeoutSeconds, "IDLE_TIMEOUT_SECONDS", 1...86_400) ?? 75
        syntheticSleepMilliseconds = try knobs.number(flags.syntheticSleepMs, "SYNTHETIC_SLEEP_MS", 0...600_000) ?? 0
        syntheticBusyMilliseconds = try knobs.number(flags.syntheticBusyMs, "SYNTHETIC_BUSY_MS", 0...600_000) ?? 0
        apiKeysPath = knobs.text(flags.apiKeysFile, "API_KEYS_FILE")
        scoringLog = try knobs.choice(flags.scoringLog, "SCORING_LOG") ?? .ml
        eventLoops =
            try knobs.number(flags.eventLoops, "EVENT_LOOPS", 1...1024)
            ?? ProcessInfo.processInfo.activeProcessorCount
        logLevel = try knobs.choice(flags.logLevel, "LOG_LEVEL") ?? .info
        drainDelaySeconds = try knobs.number(flags.drainDelaySeconds, "DRAIN_DELAY_SECONDS", 0...3600) ?? 5
        shutdownGraceSeconds = try knobs.number(flags.shutdownGraceSeconds, "SHUTDOWN_GRACE_SECONDS", 0...3600) ?? 20
    }
}

extension Configuration {
    var cacheSettings: CacheSettings {
        CacheSettings(
            location: cache, passwordFile: cachePasswordFile, tls: cacheTLS, timeToLiveSeconds: cacheTTLSeconds,
            deadlineMilliseconds: cacheDeadlineMilliseconds,
            maximumEntryBytes: PredictAnswer.maximumBytes(predictions: maximumBatchRecords))
    }

    /// What changes results and behaviour, as text to be hashed: no secret, address, port or path.
    var resultsText: String {
        let values: [(String, any CustomStringConvertible)] = [
            ("cache", cache.kind), ("cache_ttl_seconds", cacheTTLSeconds), ("namespace", cacheNamespace),
            ("cache_deadline_ms", cacheDeadlineMilliseconds), ("max_batch_records", maximumBatchRecords),
            ("max_body_bytes", maximumBodyBytes), ("in_flight", maximumInFlight), ("queued", maximumQueued),
            ("queue_deadline_ms", queueDeadlineMilliseconds), ("connections", maximumConnections),
            ("buffered_bytes", maximumBufferedBytes), ("head_seconds", headTimeoutSeconds),
            ("body_seconds", bodyTimeoutSeconds), ("idle_seconds", idleTimeoutSeconds),
            ("drain_seconds", drainDelaySeconds), ("grace_seconds", shutdownGraceSeconds),
            ("sleep_ms", syntheticSleepMilliseconds),
            ("busy_ms", syntheticBusyMilliseconds), ("event_loops", eventLoops), ("scoring_log", scoringLog.rawValue),
        ]
        return values.map { "\($0)=\($1)\n" }.joined()
    }
}
