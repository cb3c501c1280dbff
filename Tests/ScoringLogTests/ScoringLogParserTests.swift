import Bytes
import TestSupport
import Testing

@testable import ScoringLog

/// What the parser makes of whole, broken, foreign and random logs.
@Suite struct ScoringLogParserTests {
    private static let access = #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 200 176 "-" "-""#

    @Test("the original service's log is read")
    func originalLog() throws {
        let reading = LogReading(
            """
            \(Self.access)
            Received input: <AMLRequest 'http://52.170.45.12/score' [POST]>
            Headers passed in (total 9):
                          Host: 52.170.45.12
                          Content-Type: multipart/form-data; boundary="5cea30d8"
                          X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
            Scoring 1 images
            Predictions: {'file': [('n02127052', 'lynx', 0.981648325920105)]}
            Predictions took 72.81 ms
            200

            """)
        let request = LoggedRequest(
            secondsSince1970: 1_571_142_780, status: 200, bodyBytes: 176,
            requestID: "5afbcc69-eec4-4661-9108-071428f0d50f", scoringMilliseconds: 72.81, modelKind: .dl)
        #expect(reading.requests == [request])
        var counts = ScoringLogCounts()
        (counts.lines, counts.requests, counts.scoringLines, counts.scoredRequests, counts.otherLines) = (
            10, 1, 1, 1, 7
        )
        #expect(reading.counts == counts)
    }

    @Test(
        "other servers' access lines begin a request",
        arguments: [
            (
                #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0200] "GET / HTTP/1.1" 304 - "-" "curl/8 (x; y)""#, 304, nil,
                -7200
            ),
            (#"127.0.0.1 - - [15/Oct/2019:12:33:00 -0130] "GET /a\"b c" 200 5"#, 200, 5, 5400),
            (#"10.0.0.9 - me [15/Oct/2019:12:33:00 +0000] "GET http://127.0.0.1/ HTTP/1.1" 404 0"#, 404, 0, 0),
        ] as [(String, Int, Int?, Int)])
    func otherServers(line: String, status: Int, bodyBytes: Int?, shift: Int) {
        let request = LoggedRequest(secondsSince1970: 1_571_142_780 + shift, status: status, bodyBytes: bodyBytes)
        #expect(LogReading(line + "\n").requests == [request])
    }

    @Test(
        "a line with 127.0.0.1 that is not an access line is foreign and ends no request",
        arguments: [
            "connected to redis://127.0.0.1:6379", "Host: 127.0.0.1",
            #"INFO: 127.0.0.1:5 - "POST /score HTTP/1.1" 200 OK"#,
            "127.0.0.1", "   127.0.0.1 ",
        ])
    func foreign(line: String) {
        let reading = LogReading("\(Self.access)\n\(line)\nX-Ms-Request-Id: a\nPrediction took 1.50 ms\n")
        #expect(reading.counts.foreignLines == 1)
        #expect(reading.requests.first?.requestID == "a")
        #expect(reading.requests.first?.scoringMilliseconds == 1.5)
    }

    @Test(
        "after a broken access line nothing goes to the request before it",
        arguments: [
            "127.0.0.1 - - [", #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0"#,
            #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 200"#,
            #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 20 5"#,
            #"127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 200 99999999999999999999"#,
            #"127.0.0.1 - - [32/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 200 5"#,
            #"127.0.0.1 - - [15/Oct/2019:12:33:00] "POST /score HTTP/1.0" 200 5"#,
        ])
    func brokenAccess(line: String) {
        let reading = LogReading("\(Self.access)\n\(line)\nX-Ms-Request-Id: a\nPrediction took 1.5 ms\n")
        #expect(reading.requests == [LoggedRequest(secondsSince1970: 1_571_142_780, status: 200, bodyBytes: 176)])
        #expect(reading.counts.malformedAccessLines == 1)
        #expect(reading.counts.strayRequestIDLines == 1)
        #expect(reading.counts.strayScoringLines == 1)
        #expect(reading.counts.missingRequestIDs == 1)
        #expect(reading.counts.missingScoringLines == 1)
    }

    @Test(
        "a scoring line without its number and unit is counted and gives no time",
        arguments: [
            "[ML] Prediction took 72.81 ms", "Prediction took", "Prediction took 5", "Prediction took 5 s",
            "Prediction took 0.03", "Prediction took 0.0312 m", "Prediction took  5 ms", "Prediction took nan ms",
            "Prediction took inf ms", "Prediction took -1 ms", "Prediction took 0x1p3 ms", "Prediction took 1e999 ms",
            "Prediction took 1,5 ms", "Prediction took .5 ms", "Prediction took 5. ms", "Predictions took five ms",
            "Prediction took 1_0 ms", " Prediction took 5 ms", "Prediction took 1\0 ms",
        ])
    func brokenScoring(line: String) {
        let reading = LogReading("\(Self.access)\nX-Ms-Request-Id: a\n\(line)\n")
        #expect(reading.requests.first?.scoringMilliseconds == nil)
        #expect(reading.counts.malformedScoringLines == 1)
        #expect(reading.counts.missingScoringLines == 1)
    }

    @Test(
        "a scoring time may be any plain number",
        arguments: [("0", 0), ("72.81", 72.81), ("1e-05", 1e-05), ("1234567.0001", 1_234_567.0001)])
    func scoringTime(text: String, expected: Double) {
        let reading = LogReading("\(Self.access)\nPrediction took \(text) ms\r\n")
        #expect(reading.requests.first?.scoringMilliseconds == expected)
    }

    @Test(
        "a request id line without an id is counted",
        arguments: [
            "X-Ms-Request-Id", "X-Ms-Request-Id:", "X-Ms-Request-Id:  :a", "X-Ms-Request-Id: a b", "X-Ms-Request-Id: ä",
        ])
    func missingID(line: String) {
        let reading = LogReading("\(Self.access)\n\(line)\nPrediction took 1.0 ms\n")
        #expect(reading.requests.first?.requestID == nil)
        #expect(reading.counts.malformedRequestIDLines == 1)
        #expect(reading.counts.missingRequestIDs == 1)
    }

    @Test("an id with a colon is cut as the scripts cut it")
    func colon() {
        #expect(LogReading("\(Self.access)\nX-Ms-Request-Id: a:b\n").requests.first?.requestID == "a")
    }

    @Test("only the first id and the first scoring line of a request count")
    func first() {
        let reading = LogReading(
            """
            Prediction took 9.0 ms
            X-Ms-Request-Id: z
            \(Self.access)
            X-Ms-Request-Id: a
            Prediction took 1.0 ms
            X-Ms-Request-Id: b
            Predictions took 2.0 ms
            \(Self.access)

            """)
        #expect(reading.requests.map(\.requestID) == ["a", nil])
        #expect(reading.requests.map(\.scoringMilliseconds) == [1, nil])
        #expect(reading.counts.strayRequestIDLines == 2)
        #expect(reading.counts.strayScoringLines == 2)
        #expect(reading.counts.scoringLines == 3)
        #expect(reading.counts.scoredRequests == 1)
    }

    @Test("a rejected request lacks nothing")
    func rejected() {
        let counts = LogReading(ScoringLogBlock.rejected(status: 422).text).counts
        #expect(counts.requests == 1 && counts.missingRequestIDs == 0 && counts.missingScoringLines == 0)
    }

    @Test("a last line without a line feed counts only if nothing can be missing")
    func lastLine() throws {
        let text = try ScoringLogBlock.scored(id: "abc").text
        for length in 0...text.utf8.count {
            let reading = LogReading(Array(text.utf8.prefix(length)))
            let request = reading.requests.first
            #expect(request?.requestID == nil || request?.requestID == "abc")
            #expect(request?.scoringMilliseconds == nil || request?.scoringMilliseconds == 0.0312)
            #expect(request?.bodyBytes == nil || request?.bodyBytes == 412)
        }
        #expect(LogReading(text.dropLast()) == LogReading(text))
        #expect(LogReading(text.dropLast(2)).counts.cutLines == 1)
    }

    @Test("an overlong line is counted, and may have been an access line")
    func overlong() {
        let long = String(repeating: "x", count: 200)
        let harmless = LogReading("\(Self.access)\n\(long)\nPrediction took 1.0 ms\n", maximumLineByteCount: 100)
        #expect(harmless.counts.overlongLines == 1)
        #expect(harmless.requests.first?.scoringMilliseconds == 1)
        let doubtful = LogReading(
            "\(Self.access)\n\(Self.access)\(long)\nPrediction took 1.0 ms\n", maximumLineByteCount: 100)
        #expect(doubtful.requests.count == 1)
        #expect(doubtful.counts.overlongLines == 1)
        #expect(doubtful.counts.strayScoringLines == 1)
    }

    @Test(
        "garbage never stops the parser, is counted, and reads the same in any chunks", arguments: 0..<60)
    func garbage(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let bytes = try Self.garbage(using: &generator)
        let whole = LogReading(bytes, maximumLineByteCount: 300)
        for longest in [1, 7, 64, 5000] {
            let chunked = LogReading(bytes, maximumLineByteCount: 300) {
                Int.random(in: 1...longest, using: &generator)
            }
            #expect(chunked == whole)
        }
        let counts = whole.counts
        let lines = bytes.count { $0 == 0x0A } + (bytes.last == 0x0A || bytes.isEmpty ? 0 : 1)
        #expect(counts.lines == lines)
        let read = counts.requests + counts.scoringLines + whole.requests.count { $0.requestID != nil }
        let strayOrBroken = counts.strayRequestIDLines + counts.malformedAccessLines + counts.malformedRequestIDLines
        let others = counts.malformedScoringLines + counts.foreignLines + counts.overlongLines + counts.cutLines
        #expect(read + strayOrBroken + others + counts.otherLines == lines)
        #expect(whole.requests.count == counts.requests)
        #expect(counts.scoringLines == counts.scoredRequests + counts.strayScoringLines)
    }

    /// Whole blocks, blocks with bytes changed, cut out or put in, and plain noise.
    private static func garbage(using generator: inout SeededGenerator) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<200 {
            var part = Array(try ScoringLogBlock.scored(id: "id", nanoseconds: generator.next()).text.utf8)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0:
                part[Int.random(in: 0..<part.count, using: &generator)] = UInt8(truncatingIfNeeded: generator.next())
            case 1: part.removeSubrange(Int.random(in: 0..<part.count, using: &generator)...)
            case 2: part.removeSubrange(..<Int.random(in: 0..<part.count, using: &generator))
            case 3:
                part = (0..<Int.random(in: 0...700, using: &generator)).map { _ in
                    UInt8(truncatingIfNeeded: generator.next())
                }
            default: break
            }
            bytes += part
        }
        return bytes
    }
}
