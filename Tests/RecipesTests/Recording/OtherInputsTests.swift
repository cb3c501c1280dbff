import Foundation
import LatencyAnalyzer
import LoadReport
import Recipes
import TestSupport
import Testing

@Suite("Scoring logs in SQLite, and /metrics before and after a load")
struct OtherInputsTests {
    static func metrics(cpu: Double, hits: Int, misses: Int, instance: String = "a") -> String {
        """
        # HELP bungalow_cache_lookups_total Look-ups by what they came to.
        # TYPE bungalow_cache_lookups_total counter
        bungalow_cache_lookups_total{result="hit"} \(hits)
        bungalow_cache_lookups_total{result="miss"} \(misses)
        bungalow_cache_lookups_total{result="bypass"} 0
        bungalow_build_info{version="0.1.0",instance="\(instance)"} 1
        process_cpu_seconds_total \(cpu)
        process_resident_memory_bytes 20971520
        process_start_time_seconds 1795000000
        """
    }

    static func write(_ text: String, _ name: String, at second: Double, in folder: TemporaryFolder) throws {
        let file = folder.url.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_795_000_000 + second)], ofItemAtPath: file.path)
    }

    static func run(_ folder: TemporaryFolder) throws -> RecordedRun {
        try RecordedRun(
            folder: folder.url.path, evidence: try LoadFolder(path: folder.url.path, zone: .gmt).read())
    }

    @Test("Saved /metrics tell what hits and misses cost, whatever the files are called")
    func savedMetrics() throws {
        let folder = try TemporaryFolder()
        // A hundredth of a core; 11 ms a miss, 1 ms a hit.
        try Self.write(Self.metrics(cpu: 0.1, hits: 0, misses: 0), "before.metrics", at: 10, in: folder)
        try Self.write(Self.metrics(cpu: 1.3, hits: 0, misses: 100), "cold.prom", at: 20, in: folder)
        try Self.write(Self.metrics(cpu: 1.8, hits: 400, misses: 100), "warm", at: 30, in: folder)
        try Self.write(Self.metrics(cpu: 2.0, hits: 400, misses: 100), "after.metrics", at: 50, in: folder)
        let run = try Self.run(folder)
        #expect(run.counterSpans.count == 3 && run.filesRead.contains("warm"), "\(run.notes)")
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...run.length)
        #expect(abs((found.missCPU?.value ?? 0) - 11) < 0.2, "\(String(describing: found.missCPU))")
        #expect(abs((found.hitCPU?.value ?? 0) - 1) < 0.1 && abs((found.base?.value ?? 0) - 0.01) < 0.001)
        #expect(found.idleMemory?.value == 20 && found.hitRate?.value == 0.8)
    }

    @Test("One pair of /metrics has the error of what the server needs without requests")
    func pair() throws {
        let folder = try TemporaryFolder()
        try Self.write(Self.metrics(cpu: 0.1, hits: 0, misses: 0), "before.metrics", at: 10, in: folder)
        try Self.write(Self.metrics(cpu: 1.3, hits: 0, misses: 100), "after.metrics", at: 20, in: folder)
        let run = try Self.run(folder)
        let found = try Calibration(run, proofs: [], recipe: nil, stretch: 0...run.length)
        #expect(abs((found.missCPU?.value ?? 0) - 12) < 0.01)
        // 0.1 s in the first ten seconds: at most as much in the next ten, of 100 requests.
        #expect(abs((found.missCPU?.plusMinus ?? 0) - 1) < 0.01, "\(String(describing: found.missCPU))")
    }

    @Test("/metrics that tell nothing are named with the reason")
    func leftOut() throws {
        let folder = try TemporaryFolder()
        try Self.write(Self.metrics(cpu: 0.1, hits: 0, misses: 0), "before.metrics", at: 10, in: folder)
        try Self.write("# TYPE go_threads gauge\ngo_threads 7\n", "other.metrics", at: 10, in: folder)
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        let alone = LoadTests.error { () throws(RecipeError) in
            _ = try RecordedRun(folder: folder.url.path, evidence: evidence)
        }
        #expect(
            alone?.contains("before.metrics is left out: it is the only /metrics of its server") == true,
            "\(alone ?? "")")
        #expect(alone?.contains("other.metrics is left out: it has no process_cpu_seconds_total") == true)
        // Both have the time of a copy.
        try Self.write(Self.metrics(cpu: 1.3, hits: 0, misses: 100), "after.metrics", at: 10, in: folder)
        let copied = LoadTests.error { () throws(RecipeError) in
            _ = try RecordedRun(folder: folder.url.path, evidence: evidence)
        }
        #expect(copied?.contains("copy them with their times (cp -p)") == true, "\(copied ?? "")")
    }

    @Test("Requests and times of analyze --sqlite are those of the logs that it was made of")
    func database() async throws {
        let logs = try TemporaryFolder()
        let lines = (0..<3000).map { index in
            let (minute, second) = (index / 10 / 60, index / 10 % 60)
            return """
                127.0.0.1 - - [27/Nov/2026:10:0\(minute):\(second < 10 ? "0" : "")\(second) +0000] "GET /test HTTP/1.1" 200 231 "-" "-"
                X-Ms-Request-Id: \(index)
                Prediction took \(10 + index % 7).5 ms

                """
        }
        let log = logs.url.appending(path: "pod-a.txt")
        try lines.joined().write(to: log, atomically: true, encoding: .utf8)
        let folder = try TemporaryFolder()
        _ = try await Analysis.read(
            [LogFile(path: log.path)], onlyPath: nil,
            into: try CallDatabase(path: folder.url.appending(path: "calls.sqlite").path))
        let stored = try Self.run(folder)
        let logged = try Self.run(logs)
        #expect(stored.filesRead == ["calls.sqlite"] && stored.podRequests.map(\.pod) == ["pod-a"])
        #expect(stored.podRequests[0].seconds == logged.podRequests[0].seconds)
        #expect(
            stored.podRequests[0].times.mapValues { $0.sorted() }
                == logged.podRequests[0].times.mapValues { $0.sorted() })
        // With the logs themselves beside it, the requests are not counted twice.
        try FileManager.default.copyItem(at: log, to: folder.url.appending(path: "pod-a.txt"))
        let both = try Self.run(folder)
        #expect(both.requestCount(from: 0, to: 300) == 3000)
        #expect(both.notes.contains { $0.contains("the folder has the scoring logs of 1 pods already") })
    }
}
