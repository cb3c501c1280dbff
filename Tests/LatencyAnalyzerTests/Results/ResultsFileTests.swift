import Files
import Foundation
import LatencyAnalyzer
import ScoringLog
import TestSupport
import Testing

/// The results file, compared with the original scripts' file, and cases that the scripts get wrong.
@Suite struct ResultsFileTests {
    /// Forms of a log: as the service writes it, and as Windows stores it.
    enum Form: CaseIterable {
        case plain, withMark, carriageReturns, utf16Little, utf16Big, utf16LittleUnmarked, utf16BigUnmarked

        func encode(_ text: String) throws -> Data {
            switch self {
            case .plain: Data(text.utf8)
            case .withMark: Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8)
            case .carriageReturns: Data(text.replacing("\n", with: "\r\n").utf8)
            case .utf16Little: Data([0xFF, 0xFE]) + (try #require(text.data(using: .utf16LittleEndian)))
            case .utf16Big: Data([0xFE, 0xFF]) + (try #require(text.data(using: .utf16BigEndian)))
            case .utf16LittleUnmarked: try #require(text.data(using: .utf16LittleEndian))
            case .utf16BigUnmarked: try #require(text.data(using: .utf16BigEndian))
            }
        }
    }

    @Test(
        "The original scripts' part equals their file to the letter", arguments: Form.allCases,
        [ModelKind.ml, .dl])
    func originalPart(
        form: Form, path: ModelKind
    ) async throws {
        let folder = try LogFolder()
        let files = try LogVectors.pods.map { pod in
            let log = try LogVectors.text(pod)
            let text = path == .ml ? log : log.replacing("Prediction took", with: "Predictions took")
            return try folder.write(try form.encode(text), to: "\(pod).txt")
        }
        for asked in [path, nil] {
            let results = ResultsFile(try await Analysis.of(files, path: asked))
            #expect(results.original == (try LogVectors.text("bungalow_results")))
            #expect(results.text.hasPrefix(results.original + "\n\nNot checked: nothing says how many"))
            #expect(results.text.hasSuffix("Broken or missing: nothing.\n"))
            #expect(ResultsFile.name(ofDeployment: "../b") == ".._b_results.txt")
        }
    }

    @Test("A log of the original service with its headers is read")
    func logOfTheOriginalService() async throws {
        let folder = try LogFolder()
        let file = try folder.write(
            """
            127.0.0.1 - - [15/Oct/2019:12:33:00 +0000] "POST /score HTTP/1.0" 200 176 "-" "-"
            Received input: <AMLRequest 'http://52.170.45.12/score' [POST]>
            Headers passed in (total 9):
                          X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f
            Scoring Timer is set to 3600.0 seconds
            Predictions took 72.81 ms
            200

            """, to: "dangdeploy3-6fc5cf8df6-sdxld.txt")
        let pod = try #require(try await Analysis.read([file], onlyPath: .dl).first)
        #expect(pod.scoredCalls == 1 && pod.slowest == 72.81)
        #expect(try RequestSearch([file]).lines(for: "5afbcc69-eec4-4661-9108-071428f0d50f").count == 2)
        #expect(Analysis.deployment(ofPods: [file.pod]) == "dangdeploy3")
        // The other path's lines are not counted as scoring lines of this one, and are reported.
        let other = try #require(try await Analysis.read([file], onlyPath: .ml).first)
        #expect(other.scoredCalls == 0 && other.counts.otherKindLines == 1)
    }

    @Test("The fastest call may take longer than 100 ms")
    func fastestCallOver100Milliseconds() async throws {
        let folder = try LogFolder()
        let text =
            LogFolder.block(id: "a", milliseconds: "250.5")
            + LogFolder.block(second: 1, id: "b", milliseconds: "300.25")
        let results = ResultsFile(try await Analysis.of([folder.write(text, to: "a.txt")]))
        #expect(results.original.contains("\t Fastest: 250.5 ms\n"))
        #expect(results.original.contains("\t Slowest: 300.25 ms\n"))
    }

    @Test("If all calls fall in one second, throughput is not applicable")
    func callsInOneSecond() async throws {
        let folder = try LogFolder()
        let text = (0..<5).map { LogFolder.block(id: "a\($0)", milliseconds: "1.5000") }.joined()
        let results = ResultsFile(try await Analysis.of([folder.write(text, to: "a.txt")]))
        #expect(results.original.contains("\t Time in minutes: 0.0\n"))
        #expect(results.original.contains("\t Throughput: n/a\n"))
    }

    @Test("A pod without calls is in the results", arguments: ["", "no call\n", "1", "\u{FEFF}"])
    func podWithoutCalls(text: String) async throws {
        let folder = try LogFolder()
        let files = try [
            folder.write(LogFolder.block(id: "a", milliseconds: "1.0"), to: "a.txt"), folder.write(text, to: "b.txt"),
        ]
        let results = ResultsFile(try await Analysis.of(files))
        let expected = """

            File : b.txt
            Times (0):
            \t Earliest: n/a
            \t Latest: n/a
            \t Time in minutes: n/a
            Scoring Calls (0):
            \t Average: n/a
            \t Slowest: n/a
            \t Fastest: n/a
            \t Throughput: n/a

            """
        #expect(results.original.hasSuffix(expected))
        #expect(results.additions.contains("The busiest pod had 2.00 times the mean"))
    }

    @Test("Broken, foreign and missing lines are counted, and nothing is guessed")
    func brokenLinesAreCounted() async throws {
        let folder = try LogFolder()
        let text =
            "Prediction took 9.0 ms\n" + LogFolder.block(id: "a", milliseconds: "1.0")
            + "connected to redis://127.0.0.1:6379\n" + LogFolder.block(id: nil, milliseconds: "2.0")
            + LogFolder.block(id: "c", milliseconds: nil) + "[ML] Prediction took 72.81 ms\n"
            + LogFolder.block(id: nil, milliseconds: nil, status: 503) + "127.0.0.1 - - [21/Nov/2026:07:"
        let file = try folder.write(text, to: "a.txt")
        let analysis = try await Analysis.of([file])
        #expect(analysis.total.counts.requests == 4 && analysis.total.scoredCalls == 2)
        // An id is not carried over to a later call, nor a time to an earlier one.
        #expect(
            try RequestSearch([file]).lines(for: "a") == [
                "Found in file:  a.txt", "LATENCY:  1.0  TIME:  2026-11-21 07:00:00",
            ])
        #expect(try RequestSearch([file]).lines(for: "c").isEmpty)
        let additions = ResultsFile(analysis).additions
        for sentence in [
            "INCOMPLETE: 4 of an unknown number of requests; the log of a begins in the middle of a request",
            "1 responses without a request id", "1 responses without a scoring time",
            "1 scoring lines that belong to no request", "1 broken scoring lines",
            "1 lines with 127.0.0.1 that are not access lines", "1 last lines cut short",
        ] {
            #expect(additions.contains(sentence), "\(additions)")
        }
    }

    @Test("Fewer calls than the servers responded to are reported as incomplete, more as more")
    func completeness() async throws {
        let folder = try LogFolder()
        let file = try folder.write(LogFolder.block(id: "a", milliseconds: "1.0"), to: "a.txt")
        #expect(try await Analysis.of([file], expected: 1).completeness == .complete("1 of 1 requests, by the test"))
        #expect(
            try await Analysis.of([file], expected: 3).completeness.line
                == "INCOMPLETE: 1 of 3 requests, by the test")
        #expect(
            try await Analysis.of([file], expected: 0).completeness.line
                == "MORE THAN EXPECTED: 1 of 0 requests, by the test")
    }

    @Test("A log that cannot be read is one clear error line")
    func unreadableLog() async throws {
        let error = await #expect(throws: OperatorError.self) {
            try await Analysis.read([LogFile(path: "/nowhere/a.txt")], onlyPath: nil)
        }
        #expect(error?.description.contains("/nowhere/a.txt cannot be opened") == true)
    }

    @Test("A deployment's name is derived from its pods' names")
    func deploymentName() {
        let names = { (names: [String]) in Analysis.deployment(ofPods: names.map { LogFile(path: $0).pod }) }
        #expect(names(["/x/web-app-6fc5cf8df6-sdxld.txt", "web-app-7b9c4d5f8-abcde.log"]) == "web-app")
        #expect(names(["web-6fc5cf8df6-sdxld.txt", "api-6fc5cf8df6-sdxld.txt"]) == "logs")
        #expect(names(["one.txt"]) == "logs")
        #expect(names(["-"]) == "logs")
    }
}
