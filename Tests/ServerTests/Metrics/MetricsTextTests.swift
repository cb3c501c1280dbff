import ArgumentParser
import Foundation
import HTTP1
import NIOCore
import PredictionCache
import ScoringLog
import TestSupport
import Testing

@testable import Server

/// The metrics' text: Prometheus' format, and the families and labels of the contract.
@Suite struct MetricsTextTests {
    /// Units in use for as long as it lives.
    private final class Held {
        let permit: Permit?

        init(_ semaphore: HTTP1.Semaphore, _ count: Int) { permit = semaphore.tryAcquire(count) }
    }

    /// A scrape of these metrics, on a server with some requests in flight.
    func text(_ counted: Metrics.Snapshot, _ format: MetricsFormat = .text) throws -> String {
        let limits = ConcurrencyLimits(inFlight: 5, queued: 5, cores: 1, connections: 5, bufferedBytes: 5)
        let (inFlight, queued) = (Held(limits.inFlight, 3), Held(limits.queued, 2))
        defer { withExtendedLifetime((inFlight, queued)) {} }
        let null = try FileHandle(forWritingTo: URL(filePath: "/dev/null"))
        let log = ScoringLogWriter(fileDescriptor: null.fileDescriptor) { _ in }
        defer { log.close(within: .seconds(5)) }
        let configuration = try Configuration(Configuration.Flags.parse([]), environment: [:])
        let build = BuildInfo(modelVersion: "m1", configuration: configuration)
        return MetricsText(counted, limits, log, build, format).text
    }

    private static let types = [
        "bungalow_requests_total": "counter", "bungalow_request_duration_seconds": "histogram",
        "bungalow_scoring_duration_seconds": "histogram", "bungalow_batch_records": "histogram",
        "bungalow_cache_lookups_total": "counter", "bungalow_cache_errors_total": "counter",
        "bungalow_cache_up": "gauge", "bungalow_in_flight_requests": "gauge", "bungalow_queued_requests": "gauge",
        "bungalow_buffered_bytes": "gauge", "bungalow_rejected_requests_total": "counter",
        "bungalow_log_lost_total": "counter",
        "bungalow_build_info": "gauge", "process_cpu_seconds_total": "counter",
        "process_resident_memory_bytes": "gauge", "process_virtual_memory_bytes": "gauge",
        "process_open_fds": "gauge", "process_max_fds": "gauge", "process_start_time_seconds": "gauge",
    ]

    @Test(
        "every family has HELP and TYPE once, before its samples, and every line is in the text format", .proves("C4.3")
    )
    func form() throws {
        let metrics = Metrics()
        metrics.responded(.predict, .ok, after: .microseconds(70))
        metrics.responded(.other, .badRequest, after: .hours(1))
        metrics.cacheChanged(isUp: false)
        let text = try text(metrics.snapshot)
        #expect(text.hasSuffix("\n") && !text.contains("\n\n"))
        var help: [String] = []
        var types: [String: String] = [:]
        var series: Set<String> = []
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# HELP ([a-z_]+) ([^\\]+)/) {
                help.append(String(match.1))
            } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) ([a-z]+)/) {
                #expect(help.last == String(match.1))
                #expect(types.updateValue(String(match.2), forKey: String(match.1)) == nil)
            } else {
                let form = /([a-z_]+)(\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? (\S+)/
                let match = try #require(line.wholeMatch(of: form), "\(line)")
                let name = String(match.1)
                let ends = types[help.last ?? ""] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                #expect(ends.contains { name == (help.last ?? "") + $0 }, "\(line)")
                #expect(Double(match.3).map { $0.isFinite && $0 >= 0 } == true, "\(line)")
                #expect(series.insert(name + (match.2 ?? "")).inserted, "\(line)")
            }
        }
        #expect(types == Self.types && help.count == types.count)
    }

    @Test(
        "label values are those of the contract: results, reasons, routes",
        .proves("C4.3", "C6.6", "C6.11", "C6.12", "C6.15"))
    func labels() throws {
        let metrics = Metrics()
        for route in Route.allCases { metrics.responded(route, .serviceUnavailable, after: .zero) }
        let text = try text(metrics.snapshot)
        func values(_ label: String, of family: String) -> [String] {
            text.split(separator: "\n").filter { $0.hasPrefix(family + "{") }.compactMap { line in
                line.firstRange(of: "\(label)=\"").map { line[$0.upperBound...].prefix { $0 != "\"" } }.map(String.init)
            }
        }
        #expect(values("result", of: "bungalow_cache_lookups_total") == ["hit", "miss", "bypass"])
        #expect(values("cache", of: "bungalow_scoring_duration_seconds_count") == ["hit", "miss", "bypass"])
        #expect(
            Set(values("reason", of: "bungalow_cache_errors_total")) == [
                "connect", "auth", "deadline", "protocol", "error_reply", "bad_value", "queue_full", "store",
            ])
        #expect(
            Set(values("reason", of: "bungalow_rejected_requests_total")) == [
                "in_flight", "queue_full", "queue_deadline", "buffered_bytes", "client_gone", "connections",
            ])
        #expect(Set(values("reason", of: "bungalow_log_lost_total")) == ["closed", "disk_full", "slow_reader"])
        let routes = Route.allCases.map { "\($0.literal)" }
        #expect(values("route", of: "bungalow_requests_total") == routes)
        #expect(values("route", of: "bungalow_request_duration_seconds_count") == routes)
        #expect(Set(values("status", of: "bungalow_requests_total")) == ["503"])
        #expect(text.contains("\nbungalow_in_flight_requests 3\n") && text.contains("\nbungalow_queued_requests 2\n"))
        let build =
            /\nbungalow_build_info\{version="[^"]+",model_version="m1",config="[0-9a-f]+",instance="[^"]+"\} 1\n/
        #expect(text.firstMatch(of: build) != nil)
    }

    @Test("a histogram's buckets hold what is at most their bound, cumulative, and the last counts all")
    func histogram() throws {
        var records = Histogram.records
        for value in [1.0, 1, 2, 3, 1000, 1001] { records.observe(value) }
        #expect(records.counts == [2, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1] && records.sum == 2008)
        let sum = Histogram.records + records + records
        #expect(sum.counts == records.counts.map { $0 * 2 } && sum.sum == 4016)
        var counted = Metrics.Snapshot()
        counted.batchRecords = records
        let lines = try text(counted).split(separator: "\n").filter { $0.hasPrefix("bungalow_batch_records") }
        let values = lines.compactMap { $0.split(separator: " ").last }.compactMap { Double($0) }
        #expect(values == [2, 3, 4, 4, 4, 4, 4, 4, 4, 5, 6, 2008, 6])
        #expect(lines[10].hasPrefix(#"bungalow_batch_records_bucket{le="+Inf"}"#))
    }

    @Test("buckets of times begin at 50 µs and ascend, and loops' shares add up", .proves("C6.2"))
    func shares() {
        #expect(
            Histogram.seconds.bounds.first == 0.000_05 && Histogram.seconds.bounds.sorted() == Histogram.seconds.bounds)
        let first = Metrics()
        let second = Metrics()
        for metrics in [first, second] {
            metrics.responded(.predict, .ok, after: .microseconds(50))
            metrics.lookedUp(.hit)
            metrics.cacheFailed(.deadline)
            metrics.rejected(.queueFull)
        }
        second.lookedUp(.bypass)
        second.cacheChanged(isUp: true)
        var sum = Metrics.Snapshot()
        sum.add(first.snapshot)
        sum.add(second.snapshot)
        #expect(sum.requests == [.init(route: .predict, status: .ok): 2])
        #expect(sum.requestSeconds[.predict]?.counts.first == 2)
        #expect(sum.lookUps[.hit] == 2 && sum.lookUps[.bypass] == 1 && sum.lookUps[.miss] == 0)
        #expect(sum.cacheErrors == [.deadline: 2] && sum.rejections == [.queueFull: 2] && sum.isCacheUp == true)
    }

    @Test("if the cache is switched off, there is no series that shows it as down", .proves("C6.7"))
    func withoutCache() throws {
        let (none, down, up) = (Metrics(), Metrics(), Metrics())
        down.cacheChanged(isUp: false)
        up.cacheChanged(isUp: true)
        let cases: [([Metrics], String?)] = [
            ([none, none], nil), ([none, down], "bungalow_cache_up 0"), ([down, up], "bungalow_cache_up 1"),
            ([up, none], "bungalow_cache_up 1"),
        ]
        for (shares, line) in cases {
            let text = try text(shares.reduce(into: Metrics.Snapshot()) { $0.add($1.snapshot) })
            #expect(text.split(separator: "\n").first { $0.hasPrefix("bungalow_cache_up") }.map(String.init) == line)
            #expect(text.contains("# HELP bungalow_cache_up") == (line != nil))
        }
    }
}
