import Logging
import NIOCore
import NIOEmbedded
import Redis
import Testing

@testable import PredictionCache

/// What is logged about Redis, over time.
@Suite final class RedisMessagesTests {
    private let loop = EmbeddedEventLoop()
    private let lines = LogLines()
    private let messages: RedisMessages

    init() {
        let logger = Logger(label: "test") { [lines] _ in CollectingLogHandler(lines: lines) }
        messages = RedisMessages("redis://h:6379/0", isFirst: true, CacheEpisodes(), on: loop, logger)
    }

    private func logged(_ body: () -> Void) -> [String] {
        let before = lines.all.count
        body()
        return lines.all.dropFirst(before).map { $0.replacing("cache: redis://h:6379/0 ", with: "") }
    }

    private let closed = RedisError.connect("closed by the server")

    @Test("a server that goes and returns: one warning a minute for each reason, and its end only after a warning")
    func comesAndGoes() {
        let lines = logged {
            messages.log(.up)
            for _ in 0..<15 {
                messages.log(.down(closed))
                messages.log(.up)
                loop.advanceTime(by: .seconds(1))
            }
            loop.advanceTime(by: .minutes(2))
        }
        #expect(
            lines == [
                "info: answers", "warning: is not used until it answers: connection failed: closed by the server",
                "info: answers",
            ])
    }

    @Test("a second outage within the minute is logged once the minute is over, if it lasts")
    func lasts() {
        messages.log(.up)
        messages.log(.down(closed))
        messages.log(.up)
        #expect(logged { messages.log(.down(closed)) } == [])
        #expect(logged { loop.advanceTime(by: .minutes(1)) }.count == 1)
        #expect(logged { messages.log(.up) } == ["info: answers"])
    }

    @Test("what was refused before the server was lost is not reported as refused when it answers again")
    func stale() {
        messages.log(.up)
        messages.outcome(of: .store, .errorReply("CLUSTERDOWN"))
        messages.log(.down(closed))
        #expect(logged { messages.log(.up) } == ["info: answers"])
        let refused = logged {
            messages.log(.down(.deadline))
            messages.log(.refused(.store, "OOM"))
            messages.log(.up)
            messages.log(.accepted(.store))
        }
        #expect(refused.suffix(2) == ["info: answers, but refuses stores", "info: accepts stores again"])
    }

    @Test("MASTERDOWN is one line: the server is not used, or look-ups are refused if it stays in use")
    func masterDown() {
        let line = "MASTERDOWN Link with MASTER is down"
        messages.log(.up)
        #expect(logged { messages.outcome(of: .lookup, .errorReply(line)) } == [])
        #expect(
            logged { messages.log(.down(.errorReply(line))) }
                == ["warning: is not used until it answers: error reply: \(line)"])
        messages.log(.up)
        #expect(logged { messages.outcome(of: .lookup, .errorReply(line)) } == [])
        loop.advanceTime(by: .seconds(1))
        #expect(
            logged { messages.outcome(of: .lookup, .errorReply(line)) }
                == ["warning: refuses look-ups, which are BYPASS: \(line)"])
    }

    @Test("an error that only the configuration can mend is logged at once; a cluster's size is logged when it changes")
    func words() {
        #expect(
            logged { messages.log(.down(.unusable("a cluster has database 0 only"))) }
                == ["warning: is not used: a cluster has database 0 only"])
        let sizes = logged { for size in [3, 3, 4, 4, 3] { messages.log(.cluster(primaries: size)) } }
        #expect(sizes == [3, 4, 3].map { "info: is a cluster of \($0) primaries" })
    }
}
