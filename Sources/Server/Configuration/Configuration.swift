import Foundation
import Logging

/// The value of every option, at first its default. `ServerOption.all` says how each is set.
struct Configuration: Sendable {
    var bindHost = "127.0.0.1"
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
    var scoringLog = CallLog.Form.ml
    var logLevel = Logger.Level.info
    /// nil where no key is needed.
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
    }

    /// What changes results and behaviour, as text to be hashed: no secret, address, port or path.
    var resultsText: String {
        ServerOption.all.compactMap { option in
            option.hashedAs.map { "\($0)=\(option.describe(self))\n" }
        }.joined()
    }
}
