import ArgumentParser
import Foundation
import Logging

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
    var scoringLog: CallLog.Form
    var eventLoops: Int
    var logLevel: Logger.Level

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
            help: "What each call writes to stdout: ml, dl, json or off. SCORING_LOG, default ml.")
        var scoringLog: String?
        @Option(parsing: .unconditional, help: "Event loops, 1 to 1024. EVENT_LOOPS, default one per core.")
        var eventLoops: String?
        @Option(
            parsing: .unconditional,
            help: "trace, debug, info, notice, warning, error or critical. LOG_LEVEL, default info.")
        var logLevel: String?
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
        cacheTLS = try CacheTLS.of(cache, authoritiesFile: knobs.text(flags.cacheCAFile, "CACHE_CA_FILE"))
        cacheTTLSeconds = try knobs.number(flags.cacheTTLSeconds, "CACHE_TTL_SECONDS", 1...31_536_000) ?? 3600
        cacheDeadlineMilliseconds = try knobs.number(flags.cacheDeadlineMs, "CACHE_DEADLINE_MS", 1...60_000) ?? 20
        cacheNamespace = try knobs.namespace(flags.cacheNamespace)
        modelPath = knobs.text(flags.modelPath, "MODEL_PATH")
        maximumBatchRecords = try knobs.number(flags.maxBatchRecords, "MAX_BATCH_RECORDS", 1...1_000_000) ?? 1000
        maximumBodyBytes = try knobs.number(flags.maxBodyBytes, "MAX_BODY_BYTES", 1024...1 << 30) ?? 1 << 20
        scoringLog = try knobs.choice(flags.scoringLog, "SCORING_LOG") ?? .ml
        eventLoops =
            try knobs.number(flags.eventLoops, "EVENT_LOOPS", 1...1024)
            ?? ProcessInfo.processInfo.activeProcessorCount
        logLevel = try knobs.choice(flags.logLevel, "LOG_LEVEL") ?? .info
    }
}

/// A knob's value that is not allowed: names the variable, the value, and what is.
struct ConfigurationError: Error, CustomStringConvertible {
    let variable: String
    let value: String
    let allowed: String

    /// One line for a person.
    var description: String { "\(variable)=\(value) is not allowed: use \(allowed)" }
}

/// Finds a knob's text and holds it against what is allowed.
private struct KnobReader {
    let environment: [String: String]

    func text(_ flag: String?, _ variable: String) -> String? {
        flag ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    func number(
        _ flag: String?, _ variable: String, _ range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int? {
        guard let text = text(flag, variable) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ConfigurationError(
                variable: variable, value: text,
                allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ flag: String?, _ variable: String
    ) throws(ConfigurationError) -> Choice? {
        guard let text = text(flag, variable) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError(variable: variable, value: text, allowed: "one of \(choices)")
        }
        return choice
    }

    func namespace(_ flag: String?) throws(ConfigurationError) -> String {
        guard let text = text(flag, "CACHE_NAMESPACE") else { return "default" }
        guard text.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil else {
            throw ConfigurationError(
                variable: "CACHE_NAMESPACE", value: text, allowed: "1 to 64 of the characters A-Z a-z 0-9 . _ -")
        }
        return text
    }

    func cache(_ flag: String?) throws(ConfigurationError) -> CacheLocation {
        let variable = text(flag, "CACHE_URL") == nil ? "REDIS_URL" : "CACHE_URL"
        guard let text = text(flag, variable) else { return .userCacheFolder }
        guard let location = CacheLocation(text) else {
            throw ConfigurationError(
                variable: variable, value: CacheLocation.withoutSecrets(text),
                allowed: "redis:// or rediss://[user:password@]host[:port][/db], sqlite:PATH or off")
        }
        return location
    }
}
