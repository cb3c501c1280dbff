import TestSupport
import Testing

@testable import PredictionCache

/// The meaning of `CACHE_URL`, and how it may be shown.
@Suite struct CacheLocationTests {
    private static func redis(
        _ host: String, _ port: Int = 6379, user: String? = nil, password: String? = nil, database: Int = 0,
        usesTLS: Bool = false
    ) -> CacheLocation {
        .redis(
            RedisLocation(
                host: host, port: port, user: user, password: password, database: database, usesTLS: usesTLS))
    }

    @Test("redis://[user:password@]host[:6379][/db] with defaults for what it leaves out", .proves("C5.2"))
    func redis() {
        let cases = [
            ("redis://h", Self.redis("h")), ("redis://h/", Self.redis("h")), ("redis://h:1", Self.redis("h", 1)),
            ("redis://h/15", Self.redis("h", database: 15)), ("redis://[::1]:7/2", Self.redis("::1", 7, database: 2)),
            ("redis://:p@h", Self.redis("h", password: "p")),
            ("redis://u:p@h", Self.redis("h", user: "u", password: "p")),
            ("redis://u@h", Self.redis("h", user: "u")), ("redis://a_b.c-d.", Self.redis("a_b.c-d.")),
            ("redis://:ä@h", Self.redis("h", password: "ä")),
            ("redis://xn--mnchen-3ya.de", Self.redis("xn--mnchen-3ya.de")),
        ]
        for (text, location) in cases { #expect(CacheLocation(text) == location, "\(text)") }
    }

    @Test("rediss:// is the same with TLS, on any port", .proves("C5.2"))
    func tls() {
        let cases = [
            ("rediss://h", Self.redis("h", usesTLS: true)), ("rediss://h:1", Self.redis("h", 1, usesTLS: true)),
            ("rediss://10.0.0.1:6380/3", Self.redis("10.0.0.1", 6380, database: 3, usesTLS: true)),
            ("rediss://[::1]:7/2", Self.redis("::1", 7, database: 2, usesTLS: true)),
            ("rediss://u:p%40@h", Self.redis("h", user: "u", password: "p@", usesTLS: true)),
        ]
        for (text, location) in cases { #expect(CacheLocation(text) == location, "\(text)") }
    }

    @Test("all parts are percent-decoded", .proves("C5.2"))
    func percentDecoding() {
        let location = Self.redis("h", user: "a b", password: "p@:/%")
        #expect(CacheLocation("redis://a%20b:p%40%3A%2F%25@h") == location)
        #expect(CacheLocation("sqlite:/a%20b/c%25.db") == .sqlite(path: "/a b/c%.db"))
    }

    @Test("sqlite:PATH and off", .proves("C5.2"))
    func others() {
        #expect(CacheLocation("off") == .off)
        #expect(CacheLocation("sqlite:cache.db") == .sqlite(path: "cache.db"))
    }

    @Test(
        "anything else is invalid",
        arguments: [
            "", "on", "OFF", "sqlite:", "sqlite:%zz", "redis:", "redis://", "redis://h:0", "redis://h:65536",
            "redis://h/x", "redis://h/-1",
            "redis://h/1/2", "redis://h?db=1", "redis://h#1", "http://h", "h:6379", "redis://h:x", " redis://h",
            "redis://h/65536", "rediss:", "rediss://", "rediss://h/x", "rediss://h:0", "rediss://h?ssl=no",
            "redisss://h", "redis://a\r\nb", "redis://a b", "redis://a\nb", "redis://a%0Ab", "redis://a\tb",
            "redis://a^b", "redis://a|b",
            "redis://a[", "redis://[", "redis://[]", "redis://[[::1]]", "redis://münchen.de", "redis://a\u{AD}b",
            "redis://m%C3%BCnchen.de", "redis://a\0b",
            "redis://u:%ff@h", "redis://u:%@h", "redis://%ff@h", "rediss://u:%zz@h",
        ])
    func refused(text: String) {
        #expect(CacheLocation(text) == nil)
    }

    @Test("the description of a Redis server holds none of its secrets")
    func description() {
        let cases = [
            ("redis://user:hunter2@h:1/2", "redis://***@h:1/2"), ("redis://:hunter2@[::1]", "redis://***@[::1]:6379/0"),
            ("redis://h", "redis://h:6379/0"), ("rediss://u:hunter2@h:1", "rediss://***@h:1/0"),
        ]
        for (text, shown) in cases {
            guard case .redis(let location) = CacheLocation(text) else {
                Issue.record("\(text)")
                continue
            }
            #expect(location.description == shown)
        }
    }

    @Test(
        "an invalid URL is shown by its scheme alone, and the message says what to write", .proves("C5.2", "T34"),
        arguments: [
            (
                "houses.redis.cache.windows.net:6380,password=hunter2=,ssl=True,abortConnect=False", "…",
                "rediss://HOST:PORT with"
            ),
            ("h:6379,password=hunter2,ssl=False", "…", "redis://HOST:PORT"),
            ("rediss://h:6380?ssl=true", "rediss://…", "rediss://HOST:PORT without ?"),
            ("redis://h?ssl=true", "redis://…", "rediss:// already means TLS"),
            ("redis://h/0?password=hunter2", "redis://…", "without ?"),
            ("rediss://:ab/hunter2=@h:6380", "rediss://…", "percent-encoded (/ is %2F"),
            ("rediss://:hunter2#x@h:6380", "rediss://…", "CACHE_PASSWORD_FILE for it as it is"),
            ("rediss://:hunter2@houses.redis.cache.windows.net", "rediss://…", "rediss://HOST:6380: Azure"),
            ("rediss://houses.westeurope.redis.azure.net/0", "rediss://…", "rediss://HOST:10000: Azure"),
            ("/var/run/redis.sock", "…", "not by a socket file"),
            ("unix:///var/run/redis.sock", "unix://…", "not by a socket file"),
            ("redis+unix:///hunter2", "redis+unix://…", "not by a socket file"),
            ("redis://h\r", "redis://…", "the same without the carriage return (\\r) at its end"),
            ("redis://h\r\n", "redis://…", "the carriage return (\\r) at its end"),
            ("sqlite:/a.db\r", "sqlite:…", "the carriage return (\\r) at its end"),
            ("off ", "…", "the white space at its end"), (" redis://h", "…", "the white space at its start"),
            ("hunter2", "…", "redis:// or rediss://[user:password@]host"), ("h:6379", "…", "redis:// or rediss://"),
            ("http://u:hunter2@h", "http://…", "redis:// or rediss://"),
            ("redis://h:99999", "redis://…", "redis:// or"),
            ("rediss://:hunter2@münchen.de", "rediss://…", "a host in ASCII: an international name in its form"),
        ])
    func mistakes(text: String, shown: String, advice: String) {
        #expect(CacheLocation(text) == nil)
        #expect(CacheURLMistake.shown(text) == shown)
        #expect(CacheURLMistake.advice(text).contains(advice))
        #expect(!CacheURLMistake.advice(text).contains("hunter2"))
    }

    @Test("Azure's names need a port with rediss:// only, and a key of its alphabet is taken as it is")
    func azure() {
        let host = "houses.westeurope.redis.azure.net"
        #expect(CacheLocation("rediss://\(host):10000") == Self.redis(host, 10_000, usesTLS: true))
        #expect(CacheLocation("redis://\(host)") == Self.redis(host))
        #expect(
            CacheLocation("rediss://:a+b=@\(host):10000") == Self.redis(host, 10_000, password: "a+b=", usesTLS: true))
    }
}
