import Logging
import Platform
import PredictionCache

/// The value of every option, initially its default; `ServerOption.all` below defines how each is set.
struct Configuration: Sendable {
    var bindHost = "localhost"
    var port = 8000
    var cache = CacheLocation.userCacheFolder
    /// nil for the password in the cache's location.
    var cachePasswordFile: String?
    /// nil for a cache without TLS.
    var cacheTLS: CacheTLS?
    var cacheTTLSeconds = 3600
    var cacheNamespace = "default"
    var cacheDeadlineMilliseconds = 20
    /// nil for the model that is built in.
    var modelPath: String?
    var maximumBatchRecords = 1000
    var maximumBodyBytes = 1 << 20
    var maximumInFlight = 512
    var maximumQueued = 1024
    var queueDeadlineMilliseconds = 1000
    var maximumConnections = 16_384
    var maximumBufferedBytes = 64 << 20
    var headTimeoutSeconds = 10
    var bodyTimeoutSeconds = 30
    var idleTimeoutSeconds = 75
    var drainDelaySeconds = 5
    var shutdownGraceSeconds = 20
    var syntheticSleepMilliseconds = 0
    var syntheticBusyMilliseconds = 0
    var eventLoops = ProcessInfo.processInfo.activeProcessorCount
    var scoringLog = ScoringLogFormat.ml
    var logLevel = Logger.Level.info
    /// nil if no key is needed.
    var apiKeysPath: String?

    /// Every option's default.
    init() {}

    /// Takes each option from its flag, else from the environment, else its default.
    ///
    /// - Throws: `ConfigurationError` for the first value that is not allowed.
    init(_ flags: Flags, environment: [String: String]) throws(ConfigurationError) {
        for option in ServerOption.all {
            try option.assign(option.setting(flags.values, environment), &self)
        }
        try checkUser(flags, environment)
    }

    /// A user without a password is only valid if a file has the password.
    private func checkUser(_ flags: Flags, _ environment: [String: String]) throws(ConfigurationError) {
        guard case .redis(let redis) = cache, redis.user != nil, redis.password == nil, cachePasswordFile == nil,
            let setting = ServerOption.all.first(where: { $0.variable == "CACHE_URL" })?.setting(
                flags.values, environment)
        else { return }
        throw ConfigurationError(
            variable: setting.variable, value: CacheURLMistake.shown(setting.text), allowed: CacheURLMistake.userAlone)
    }

    /// Everything that changes results and behaviour, as text to be hashed: no secret, address, port or path.
    var resultsText: String {
        ServerOption.all.compactMap { option in
            option.hashedAs.map { "\($0)=\(option.describe(self))\n" }
        }.joined()
    }
}

extension Configuration {
    var cacheSettings: CacheSettings {
        CacheSettings(
            location: cache, passwordFile: cachePasswordFile, tls: cacheTLS, namespace: cacheNamespace,
            timeToLiveSeconds: cacheTTLSeconds, deadlineMilliseconds: cacheDeadlineMilliseconds,
            maximumEntryBytes: PredictResponse.maximumBytes(predictions: maximumBatchRecords))
    }
}

extension ServerOption {
    /// Every option of the server, in the order of `--help` and of the configuration hash.
    ///
    /// To add one, write a property with the default above, a row here, and one in the tables of docs/contract.md and
    /// docs/operations.md; the tests read all of them.
    static let all: [ServerOption] = [
        .parsed(
            "BIND_HOST", \.bindHost, nil,
            "Address to listen on, or a name for all its addresses, or * for all of the machine"
        ) { $0 },
        .number("PORT", \.port, 0...65_535, "Port to listen on; 0 takes any free one"),
        .parsed(
            "CACHE_URL", \.cache, else: "REDIS_URL",
            "redis://[user:password@]host[:6379][/db], rediss://… for TLS, sqlite:PATH, off",
            default: "an SQLite file in the user's cache folder", hashedAs: "cache", "Where predictions are cached",
            describe: { "\($0.kind)" }, shown: CacheURLMistake.shown,
            correction: CacheURLMistake.advice
        ) { CacheLocation($0) },
        .path(
            "CACHE_PASSWORD_FILE", \.cachePasswordFile, default: "none",
            "File with the password or token of Redis, read again when it changes; overrides one in the URL"),
        authoritiesFile,
        .number(
            "CACHE_TTL_SECONDS", \.cacheTTLSeconds, 1...31_536_000, hashedAs: "cache_ttl_seconds",
            "Seconds that a cache entry is valid"),
        .parsed(
            "CACHE_NAMESPACE", \.cacheNamespace, "[A-Za-z0-9._-]{1,64}",
            use: "1 to 64 of the characters A-Z a-z 0-9 . _ -", default: "'default'", hashedAs: "namespace",
            "First part of the cache entries' names"
        ) { $0.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/).map { String($0.output) } },
        .number(
            "CACHE_DEADLINE_MS", \.cacheDeadlineMilliseconds, 1...60_000, hashedAs: "cache_deadline_ms",
            "Milliseconds that a request waits for the cache"),
        .path("MODEL_PATH", \.modelPath, default: "the model built in", "Model file of trainer/"),
        .number(
            "MAX_BATCH_RECORDS", \.maximumBatchRecords, 1...1_000_000, hashedAs: "max_batch_records",
            "Records in a batch"),
        .number(
            "MAX_BODY_BYTES", \.maximumBodyBytes, 1024...1 << 30, hashedAs: "max_body_bytes",
            "Bytes of a request's body"),
        .number(
            "REPLICA_MAX_CONCURRENT_REQUESTS", \.maximumInFlight, 1...1_000_000, hashedAs: "in_flight",
            "Scoring requests in flight"),
        .number(
            "MAX_QUEUED_REQUESTS", \.maximumQueued, 0...1_000_000, hashedAs: "queued",
            "Scoring requests that may wait"),
        .number(
            "QUEUE_DEADLINE_MS", \.queueDeadlineMilliseconds, 1...600_000, hashedAs: "queue_deadline_ms",
            "Milliseconds that a request may wait before it is rejected"),
        .number(
            "MAX_CONNECTIONS", \.maximumConnections, 1...1_000_000, hashedAs: "connections",
            "Client connections, within the limit of open files"),
        .number(
            "MAX_BUFFERED_BYTES", \.maximumBufferedBytes, 1 << 16...1 << 36, hashedAs: "buffered_bytes",
            "Bytes of all requests that are incomplete or wait"),
        .number(
            "HEAD_TIMEOUT_SECONDS", \.headTimeoutSeconds, 1...3600, hashedAs: "head_seconds",
            "Seconds that a request's head may take"),
        .number(
            "BODY_TIMEOUT_SECONDS", \.bodyTimeoutSeconds, 1...3600, hashedAs: "body_seconds",
            "Seconds that a request's body may take"),
        .number(
            "IDLE_TIMEOUT_SECONDS", \.idleTimeoutSeconds, 1...86_400, hashedAs: "idle_seconds",
            "Seconds that a connection may be idle"),
        .number(
            "DRAIN_DELAY_SECONDS", \.drainDelaySeconds, 0...3600, hashedAs: "drain_seconds",
            "Seconds that a stopping server continues to accept connections"),
        .number(
            "SHUTDOWN_GRACE_SECONDS", \.shutdownGraceSeconds, 0...3600, hashedAs: "grace_seconds",
            "Seconds that it then waits for requests in flight"),
        .number(
            "SYNTHETIC_SLEEP_MS", \.syntheticSleepMilliseconds, 0...600_000, hashedAs: "sleep_ms",
            "Milliseconds that each model run waits, as a slow model does"),
        .number(
            "SYNTHETIC_BUSY_MS", \.syntheticBusyMilliseconds, 0...600_000, hashedAs: "busy_ms",
            "Milliseconds that each model run keeps a core busy, as a heavy model does"),
        .number(
            "EVENT_LOOPS", \.eventLoops, 1...1024, default: "one per core", hashedAs: "event_loops", "Event loops"),
        .choice("SCORING_LOG", \.scoringLog, hashedAs: "scoring_log", "What each request writes to stdout"),
        .choice("LOG_LEVEL", \.logLevel, "How much the server logs to stderr"),
        .path(
            "API_KEYS_FILE", \.apiKeysPath, default: "none",
            "File of Bearer keys, one per line; scoring then needs one of them"),
    ]

    /// Follows CACHE_URL, since only a cache with TLS needs it.
    private static let authoritiesFile = ServerOption(
        variable: "CACHE_CA_FILE", alternative: nil, allowed: nil, fallback: "the system's CAs",
        meaning: "PEM file with the CAs to trust for rediss://", hashedAs: nil, describe: { _ in "" },
        assign: { (setting, configuration) throws(ConfigurationError) in
            do throws(CacheTLSError) {
                configuration.cacheTLS = try CacheTLS.of(configuration.cache, authoritiesFile: setting?.text)
            } catch {
                throw ConfigurationError(variable: "CACHE_CA_FILE", value: error.file, allowed: error.allowed)
            }
        })
}
