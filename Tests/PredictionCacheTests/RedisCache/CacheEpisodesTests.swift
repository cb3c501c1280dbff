import NIOCore
import Testing

@testable import PredictionCache

/// Which messages are logged. The tests provide the time, and any objects serve as event loops.
@Suite final class CacheEpisodesTests {
    private let episodes = CacheEpisodes()
    private let loops = [CacheEpisodesTests.Loop(), CacheEpisodesTests.Loop()]

    private final class Loop {}

    private func begins(_ reason: String, on loop: Int = 0, at seconds: Int64, _ what: String = "stores") -> Bool {
        episodes.begins(
            what, reason: reason, on: ObjectIdentifier(loops[loop]), now: .uptimeNanoseconds(0) + .seconds(seconds))
    }

    private func ends(_ what: String = "stores", on loop: Int = 0) -> Bool {
        episodes.ends(what, on: ObjectIdentifier(loops[loop]))
    }

    @Test("one line when it begins, at most one a minute for each reason, and one when it has ended on all loops")
    func lines() {
        #expect(begins("OOM", at: 0))
        #expect(!begins("OOM", at: 59) && !begins("OOM", on: 1, at: 59))
        #expect(begins("NOPERM", at: 59), "another reason")
        #expect(begins("OOM", on: 1, at: 60))
        #expect(!ends(on: 0))
        #expect(ends(on: 1))
        #expect(!ends(on: 1), "it has ended")
    }

    @Test("the end is not logged if the beginning was not")
    func silent() {
        #expect(begins("OOM", at: 0) && ends())
        #expect(!begins("OOM", at: 1) && !ends())
        #expect(begins("OOM", at: 61) && ends())
    }

    @Test("stores and look-ups begin and end independently")
    func apart() {
        #expect(begins("stores NOPERM", at: 0, "stores") && begins("look-ups NOPERM", at: 0, "look-ups"))
        #expect(ends("look-ups") && ends("stores"))
    }

    @Test("a server that invents reasons fills neither memory nor the log")
    func bounded() {
        let logged = (0..<1000).filter { begins("E\($0)", at: 0) }.count
        #expect(logged == 65)
    }
}
