import Foundation
import LatencyAnalyzer
import ScoringLog
import Testing

/// Logs that were joined, cut, torn or mixed: lines without a known request are assigned to none.
@Suite struct MixedLogTests {
    private static func id(_ number: Int) -> String { String(format: "%08x-1111-4222-8333-%012x", number, number) }

    private static func block(_ number: Int, second: Int? = nil) -> String {
        LogFolder.block(second: second ?? number, id: id(number), milliseconds: String(format: "%d.2500", number))
    }

    private static func refused(_ second: Int) -> String {
        LogFolder.block(second: second, id: nil, milliseconds: nil, status: 503)
    }

    private static func lines(_ block: String) -> [String] { block.split(separator: "\n").map { "\($0)\n" } }

    private func read(_ texts: String...) throws -> (calls: [String], analysis: Analysis) {
        let folder = try LogFolder()
        let file = try folder.write(texts.joined(), to: "pod.txt")
        let pods = try PodStatistics.read(file, onlyPath: nil).map(\.statistics)
        let analysis = Analysis(deployment: "d", namespace: "n", pods: pods)
        return (try ReadCalls(file).pods["pod"] ?? [], analysis)
    }

    private static func whole(_ number: Int, second: Int? = nil) -> String {
        let second = second ?? number
        return "07:00:\(String(format: "%02d", second)) 200 \(id(number).prefix(8)) \(number).25"
    }

    // MARK: - The ends of several logs, one after another

    @Test("The second tail begins within a request: its lines are assigned to none")
    func tailWithinARequest() throws {
        let tail = Self.lines(Self.block(9)).dropFirst().joined() + Self.block(10) + Self.block(11)
        let (calls, analysis) = try read(Self.block(1), Self.block(2), Self.refused(3), tail)
        #expect(calls == [Self.whole(1), Self.whole(2), "07:00:03 503 - -", Self.whole(10), Self.whole(11)])
        #expect(
            analysis.completeness.line.contains("2 lines of pod.txt are of requests whose access lines are missing"))
    }

    @Test("Three tails of one second: nothing shows where one ends, and each request keeps its own")
    func tailsOfOneSecond() throws {
        let numbers = [1, 2, 3, 11, 12, 21, 22]
        let (calls, _) = try read(numbers.map { Self.block($0, second: 5) }.joined())
        #expect(calls == numbers.map { Self.whole($0, second: 5) })
    }

    @Test("A tail of a scoring line only")
    func tailOfALine() throws {
        let (calls, analysis) = try read(Self.block(5), Self.refused(6), "Prediction took 9.9000 ms\n", Self.block(7))
        #expect(calls == [Self.whole(5), "07:00:06 503 - -", Self.whole(7)])
        guard case .incomplete = analysis.completeness else {
            Issue.record("\(analysis.completeness.line)")
            return
        }
    }

    @Test("In two mixed logs that lost their beginnings, a lost request's time is assigned to no other")
    func mixedAndCut() throws {
        let (other, own) = (Self.lines(Self.block(9)), Self.lines(Self.block(5)))
        // The other log's access line is cut in the middle, and its id is missing.
        let (calls, _) = try read(
            String(other[0].suffix(20)), own[0], own[1], other[2], own[2], Self.block(6), Self.refused(7))
        // More of it might follow, so the next request is in doubt, too.
        #expect(calls == ["07:00:05 200 - -", "07:00:06 200 - -", "07:00:07 503 - -"])
        // If the log is whole at its beginning, the time cannot belong to any of its requests.
        let (whole, _) = try read(Self.block(4), own[0], own[1], own[2], other[2], Self.block(6))
        #expect(whole == [Self.whole(4), Self.whole(5), Self.whole(6)])
    }

    // MARK: - Logs that were appended

    @Test("A log that was appended to itself three times counts once")
    func threeTimes() throws {
        let log = (1...5).map { Self.block($0) + Self.refused($0) }.joined()
        let (calls, analysis) = try read(log, log, log)
        #expect(calls.count == 10 && analysis.total.counts.repeatedRequests == 20)
    }

    @Test("In a log that has grown since it was appended, the new part counts")
    func grown() throws {
        let log = (1...6).map { Self.block($0) }.joined()
        let (calls, analysis) = try read(log, log, Self.block(7), Self.block(8))
        #expect(calls == (1...8).map { Self.whole($0) })
        #expect(analysis.total.counts.repeatedRequests == 6 && analysis.total.counts.timesBack == 0)
    }

    @Test("Fewer than three equal requests are counted and reported, since a caller may send an id again")
    func twoRepeats() throws {
        let (calls, analysis) = try read(Self.block(1), Self.block(2), Self.block(1), Self.block(2), Self.block(3))
        #expect(calls.count == 5)
        #expect(analysis.total.counts.repeatedIDs == 2 && analysis.total.counts.doubledRequests == 2)
        #expect(ResultsFile(analysis).text.contains("\t 2 requests with the id of an earlier one"))
    }

    @Test("A caller's id may come with every request")
    func sameID() throws {
        let log = (0..<50).map { LogFolder.block(second: $0, id: "load-test", milliseconds: "0.2000") }.joined()
        let (calls, analysis) = try read(log)
        #expect(calls.count == 50 && analysis.total.scoredCalls == 50)
        #expect(analysis.total.counts.repeatedIDs == 49 && analysis.total.counts.doubledRequests == 0)
    }

    // MARK: - Repeated lines that begin within a request

    private static let fortyLines = (1...40).flatMap { lines(block($0)) }

    @Test(
        "If a log's lines are repeated from within a request, each request has its own time",
        arguments: [61, 62], [30, 31, 32, 33])
    func repeatedLines(end: Int, start: Int) throws {
        let text = (Self.fortyLines[..<end] + Self.fortyLines[start...]).joined()
        let (calls, analysis) = try read(text)
        #expect(calls == (1...40).map { Self.whole($0) })
        #expect(analysis.total.counts.requests == 40)
    }

    @Test("If files of a log overlap within a request, each request has its own time", arguments: [30, 31, 32, 33])
    func overlappingFiles(start: Int) throws {
        let folder = try LogFolder()
        _ = try folder.write(Self.fortyLines[..<62].joined(), to: "pod.log.1")
        _ = try folder.write(Self.fortyLines[start...].joined(), to: "pod.log")
        let calls = try ReadCalls([folder.path("pod.log"), folder.path("pod.log.1")]).pods["pod"]
        #expect(calls == (1...40).map { Self.whole($0) })
    }

    // MARK: - Torn lines and other lines

    @Test("A piece of an id is not used as an id, and the time stays with its request", arguments: [1, 8, 9, 20, 35])
    func pieceOfAnID(length: Int) throws {
        let torn = Self.block(4).replacing(Self.id(4), with: Self.id(4).prefix(length))
        let (calls, analysis) = try read((1...3).map { Self.block($0) }.joined(), torn, Self.block(5))
        #expect(calls == [1, 2, 3].map { Self.whole($0) } + ["07:00:04 200 - 4.25", Self.whole(5)])
        #expect(analysis.total.counts.malformedRequestIDLines == 1)
    }

    @Test(
        "A line of another path or another client gets no time",
        arguments: [
            #"127.0.0.1 - - [21/Nov/2026:07:00:03 +0000] "GET /swagger.json HTTP/1.1" 200 5 "-" "-""#,
            #"127.0.0.1 - - [21/Nov/2026:07:00:03 +0000] "GET / HTTP/1.1" 200 5 "-" "kube-probe/1.36""#,
            #"10.0.0.7 - - [21/Nov/2026:07:00:03 +0000] "POST /predict HTTP/1.1" 200 5 "-" "-""#,
            #"::1 - - [21/Nov/2026:07:00:03 +0000] "POST /predict HTTP/1.1" 200 5 "-" "-""#,
        ])
    func foreign(line: String) throws {
        let orphan = "X-Ms-Request-Id: \(Self.id(9))\nPrediction took 9.2500 ms\n"
        let (calls, analysis) = try read(Self.block(1), Self.block(2), "\(line)\n", orphan, Self.block(3))
        #expect(calls == [1, 2, 3].map { Self.whole($0) })
        #expect(analysis.total.counts.foreignLines == 1 && analysis.total.counts.strayScoringLines == 1)
    }

    @Test("In the original scripts' logs, too, a line of another path gets no time")
    func foreignInOriginalLog() throws {
        let log = """
            127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "GET /swagger.json HTTP/1.0" 200 176 "-" "-"
            Headers passed in (total 9):
                          X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
            Predictions took 72.81 ms
            127.0.0.1 - - [15/Oct/2019:12:33:01 +0000] "POST /score HTTP/1.0" 200 176 "-" "-"
            Headers passed in (total 9):
                          X-Ms-Request-Id: 6afbcc69-eec4-4661-9108-071428f0d50f
            Predictions took 73.81 ms

            """
        let (calls, _) = try read(log)
        #expect(calls == ["12:33:00 200 - -", "12:33:01 200 6afbcc69 73.81"])
    }

    @Test("The server's own message between a request's lines changes nothing, another line does")
    func linesBetween() throws {
        let parts = Self.lines(Self.block(4))
        let message = "2026-11-21T07:00:04+0000 notice bungalow-server: reloaded the model\n"
        let before = (1...3).map { Self.block($0) }.joined()
        let (calls, _) = try read(before, parts[0], message, parts[1], message, parts[2], Self.block(5))
        #expect(calls == (1...5).map { Self.whole($0) })
        let (torn, analysis) = try read(before, parts[0], "a line of something else\n", parts[1], parts[2])
        #expect(torn.count == 4 && !torn.joined().contains("4.25"))
        #expect(analysis.total.counts.mixedRequests + analysis.total.counts.strayRequestIDLines > 0)
    }

    // MARK: - Torn access lines

    /// An access line whose end is missing, with what follows it in the same line.
    private static func tornAccess(_ number: Int, joinedTo rest: String = "\n", keeping count: Int = 40) -> String {
        lines(block(number))[0].prefix(count) + rest
    }

    @Test("If a torn access line is followed by its own lines, only its own request is lost")
    func tornAccessInPlace() throws {
        let own = Self.lines(Self.block(4))
        let before = (1...3).map { Self.block($0) }.joined()
        let others = [1, 2, 3, 5, 6].map { Self.whole($0) }
        for torn in [Self.tornAccess(4) + own[1] + own[2], Self.tornAccess(4, joinedTo: own[1]) + own[2]] {
            let (calls, analysis) = try read(before, torn, Self.block(5), Self.block(6))
            #expect(calls == others)
            #expect(analysis.total.counts.malformedAccessLines == 1 && analysis.total.counts.mixedRequests == 0)
        }
        // Two requests are lost in one line. If more whole ones follow, none of them is in doubt.
        let lost = Self.tornAccess(4, joinedTo: String(own[1].prefix(10)) + Self.block(5))
        let (calls, _) = try read(before, lost, (6..<30).map { Self.block($0) }.joined())
        #expect(calls == ([1, 2, 3] + Array(6..<30)).map { Self.whole($0) })
    }

    @Test("If lines are mixed, the time of a request with a torn access line is assigned to no other")
    func tornAccessInMixedLines() throws {
        let (own, other) = (Self.lines(Self.block(4)), Self.lines(Self.block(9)))
        let torn = [
            [Self.tornAccess(4, joinedTo: own[1]), other[0], other[1], own[2], other[2]],
            [Self.tornAccess(4), own[1], other[0], other[1], own[2], other[2]],
            [Self.tornAccess(4), other[0], other[1], own[1], own[2], other[2]],
            // The access line of a request whose own lines are elsewhere is torn and joined to another access line.
            [Self.tornAccess(4, joinedTo: other[0]), other[1], own[1], own[2], other[2]],
            ["Predicti" + own[0], other[0], other[1], own[1], own[2], other[2]],
            // The lost request's id is missing, so that a time after it may be another's.
            [other[0], other[1], own[2], Self.tornAccess(4), other[2]],
        ]
        for (before, lines) in torn.enumerated().flatMap({ lines in [3, 30].map { ($0, lines.element) } }) {
            let (calls, _) = try read((0..<before).map { Self.block($0) }.joined(), lines.joined(), Self.block(10))
            #expect(!calls.joined(separator: "|").contains("00000009 4.25"), "\(lines)")
            #expect(!calls.joined(separator: "|").contains("07:00:09 200 00000004"), "\(lines)")
        }
    }

    @Test("After sixteen whole requests a torn access line puts no later request in doubt")
    func tornAccessLongBefore() throws {
        let torn = Self.tornAccess(4) + (10..<40).map { Self.block($0) }.joined()
        let (calls, analysis) = try read(Self.block(1), torn, "Prediction took 9.2500 ms\n", Self.block(41))
        #expect(calls == ([1] + Array(10..<40) + [41]).map { Self.whole($0) })
        #expect(analysis.total.counts.mixedRequests == 0)
    }

    @Test("If the time goes back among whole requests, lines of several logs are still mixed")
    func whileTheTimeGoesBack() throws {
        let (own, other) = (Self.lines(Self.block(20)), Self.lines(Self.block(44)))
        let whole = { (numbers: Range<Int>) in numbers.map { Self.block($0) }.joined() }
        // The other log has lost a request, and its request 44 stands around a line of this one.
        let mixed = own[0] + own[1] + Self.lines(Self.block(40))[0] + whole(41..<44) + other[0] + other[1] + own[2]
        let (calls, _) = try read(whole(0..<20), mixed, whole(21..<35), other[2], whole(45..<46))
        #expect(!calls.contains("07:00:44 200 0000002c 20.25"))
    }

    @Test("A time joined to the time of another request: neither is assigned to a third", arguments: [3, 30])
    func joinedTimes(before: Int) throws {
        let (own, other) = (Self.lines(Self.block(40)), Self.lines(Self.block(41)))
        for joined in [own[2].dropLast(6) + other[2], own[2].prefix(6) + other[2], own[2].prefix(16) + other[1]] {
            let lines = [
                own[0], other[0], other[1], Self.block(42), Self.lines(Self.block(43))[0], own[1],
                Self.lines(Self.block(39))[2], Self.block(44), Self.lines(Self.block(45))[..<2].joined(),
                String(joined),
            ]
            let whole = (0..<before).map { Self.block($0) }.joined()
            let after = (100..<130).map { Self.block($0, second: 50) }.joined()
            let (calls, analysis) = try read(whole, lines.joined(), after)
            #expect(!calls.joined(separator: "|").contains("00000028 39.25"), "\(lines)")
            #expect(analysis.total.counts.mixedRequests > 0)
        }
    }

    @Test("A line without the timestamp that all others have comes between them")
    func lineWithoutTimestamp() throws {
        let lines = (Self.lines(Self.block(1)) + Self.lines(Self.block(2))).enumerated().map { index, line in
            (index == 2 || index == 3 || index == 4 ? "" : "2026-11-21T11:28:10.1Z ") + line
        }
        let (calls, _) = try read(lines.joined())
        #expect(!calls.joined(separator: "|").contains("00000001 2.25"))
    }
}
