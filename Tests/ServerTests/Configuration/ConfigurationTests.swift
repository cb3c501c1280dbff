import ArgumentParser
import Logging
import PredictionCache
import TestSupport
import Testing

@testable import Server

/// Every option's default, and which setting takes precedence.
@Suite struct ConfigurationTests {
    private func configuration(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) throws -> Configuration {
        try Configuration(Configuration.Flags.parse(arguments), environment: environment)
    }

    @Test("defaults are the contract's", .proves("C5.1", "C5.4", "C5.6"))
    func defaults() throws {
        let configuration = try configuration()
        #expect(configuration.bindHost == "localhost" && configuration.port == 8000)
        #expect(configuration.cache == .userCacheFolder)
        #expect(configuration.cacheTTLSeconds == 3600 && configuration.cacheDeadlineMilliseconds == 20)
        #expect(configuration.cacheNamespace == "default" && configuration.modelPath == nil)
        #expect(configuration.maximumBatchRecords == 1000 && configuration.maximumBodyBytes == 1_048_576)
        #expect(configuration.scoringLog == .ml && configuration.logLevel == .info)
        #expect(configuration.eventLoops >= 1)
    }

    @Test("the flag wins, then the variable; CACHE_URL before REDIS_URL; an empty variable counts as not set")
    func precedence() throws {
        #expect(try configuration(["--port", "1"], ["PORT": "2"]).port == 1)
        #expect(try configuration([], ["PORT": "2"]).port == 2)
        #expect(try configuration([], ["PORT": ""]).port == 8000)
        let both = ["CACHE_URL": "off", "REDIS_URL": "redis://h"]
        #expect(try configuration([], both).cache == .off)
        #expect(try configuration(["--cache-url", "sqlite:x"], both).cache == .sqlite(path: "x"))
        let redis = CacheLocation.redis(RedisLocation(host: "h"))
        #expect(try configuration([], ["CACHE_URL": "", "REDIS_URL": "redis://h"]).cache == redis)
        #expect(try configuration([], ["CACHE_URL": "", "REDIS_URL": ""]).cache == .userCacheFolder)
    }

    @Test("what follows a flag is its value, so a bad one is named with its variable")
    func flagValues() throws {
        for value in ["-1", "--cache-url", "--nonsense"] {
            let error = #expect(throws: ConfigurationError.self) { try configuration(["--port", value]) }
            #expect(error?.description.hasPrefix("PORT=\(value) is not allowed") == true)
        }
    }
}
