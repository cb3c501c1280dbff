import HTTP1
import NIOCore
import PredictionCache
import TestSupport
import Testing

@testable import Server

/// `/metrics` as OpenMetrics: which scraper gets it, how it differs from the text format, and its exemplars.
@Suite struct OpenMetricsTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    private static func id(_ trace: String = trace, flags: String = "01") -> TraceID? {
        TraceID(sampledIn: "00-\(trace)-b7ad6b7169203331-\(flags)")
    }

    /// A clock that stands still, and its time as an exemplar shows it.
    private static func stoppedClock() -> (WallClock, String) {
        let clock = WallClock()
        return (clock, "\(clock.secondsSince1970).\(String(1000 + clock.millisecond).dropFirst())")
    }

    @Test(
        "a scraper that names OpenMetrics and prefers it at least equally gets it, any other the text format",
        .proves("C6.16"),
        arguments: [
            (nil, .text), ("", .text), ("*/*", .text), ("text/plain", .text), ("application/*", .text),
            ("application/json", .text), ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .text),
            ("application/openmetrics-text", .openMetrics), ("Application/OpenMetrics-Text ;\tQ=0.1", .openMetrics),
            ("application/openmetrics-text;version=1.0.0", .openMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=0.0.1", .text),
            ("application/openmetrics-text;q=0", .text), ("application/openmetrics-text;q=0.000,*/*", .text),
            ("application/openmetrics-text;q=1.5", .text), ("application/openmetrics-text;q=-1", .text),
            ("application/openmetrics-text;q=", .openMetrics),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.4", .openMetrics),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.6", .text),
            ("application/openmetrics-text;q=0.5,text/*;q=0.6", .text),
            ("application/openmetrics-text;q=0.5,text/*;q=0.6,text/plain;q=0.2", .openMetrics),
            ("application/openmetrics-text,text/plain", .openMetrics),
            ("*/*,application/openmetrics-text;q=0.9", .text),
            // The most specific range counts, wherever it is in the list.
            ("application/openmetrics-text;version=1.0.0;q=0.1,application/openmetrics-text,text/plain;q=0.5", .text),
            ("text/plain;version=1.0.0,application/openmetrics-text;q=0.2,text/plain;q=0.1", .openMetrics),
            (" , ;, a/b/c, /, application/openmetrics-text", .openMetrics),
            // Prometheus 2 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
                    + "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics
            ),
            ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4", .text),
        ] as [(String?, MetricsFormat)])
    func negotiation(_ accept: String?, _ format: MetricsFormat) {
        #expect(MetricsFormat(accept: accept) == format)
    }

    /// The lines of a scrape without the values that differ between scrapes: the process's own, and its id.
    private static func lines(_ metrics: Metrics, _ format: MetricsFormat = .text) throws -> [Substring] {
        try MetricsTextTests().text(metrics.snapshot, format).split(separator: "\n")
            .filter { !$0.hasPrefix("process_") && !$0.hasPrefix("bungalow_build_info{") }
    }

    @Test(
        "it has the lines of the text format, except for its counters' families, its exemplars and its end",
        .proves("C6.17"))
    func differences() throws {
        let metrics = Metrics()
        metrics.responded(.predict, .ok, after: .microseconds(70), in: Self.id())
        metrics.scored(ServerTiming(), .hit, records: 3, in: Self.id())
        let open = try Self.lines(metrics, .openMetrics)
        #expect(open.last == "# EOF")
        let exemplar = #/ # \{trace_id="[0-9a-f]{32}"\} \S+ \d+\.\d{3}$/#
        #expect(open.filter { $0.contains(exemplar) }.count == 3)
        let plain = try Self.lines(metrics).map { line in
            line.hasPrefix("# ") ? line.replacing(/_total( |$)/) { $0.1 } : line
        }
        // Compared line by line: the whole texts would be pages of output in a failure.
        #expect(open.count == plain.count + 1)
        for (open, plain) in zip(open, plain) { #expect(open.replacing(exemplar, with: "") == plain) }
    }

    @Test("traces do not change one byte of the text format", .proves("C6.17"))
    func textStays() throws {
        let (traced, untraced) = (Metrics(), Metrics())
        for (metrics, id) in [(traced, Self.id()), (untraced, nil)] {
            metrics.responded(.test, .ok, after: .milliseconds(3), in: id)
            metrics.scored(ServerTiming(), .miss, records: 1, in: id)
        }
        let areEqual = try Self.lines(traced) == Self.lines(untraced)
        #expect(areEqual)
    }

    @Test("a bucket has its last sampled trace with value and time, and no other bucket has it", .proves("C6.17"))
    func exemplars() throws {
        let (clock, time) = Self.stoppedClock()
        let metrics = Metrics(clock)
        let later = String(repeating: "1", count: 32)
        metrics.responded(.predict, .ok, after: .microseconds(70), in: Self.id())
        metrics.responded(.predict, .ok, after: .microseconds(80), in: Self.id(later))
        metrics.responded(.predict, .ok, after: .microseconds(90), in: Self.id(flags: "00"))
        metrics.responded(.predict, .ok, after: .microseconds(95))
        metrics.responded(.predict, .ok, after: .hours(1), in: Self.id(flags: "ff"))
        let found = try MetricsTextTests().text(metrics.snapshot, .openMetrics).split(separator: "\n")
            .filter { $0.contains(" # ") }
        let series = #"bungalow_request_duration_seconds_bucket{route="/predict",le="#
        #expect(
            found == [
                #"\#(series)"0.0001"} 4 # {trace_id="\#(later)"} 8e-05 \#(time)"#,
                #"\#(series)"+Inf"} 5 # {trace_id="\#(Self.trace)"} 3600.0 \#(time)"#,
            ])
    }

    @Test("of two loops' exemplars the later one is kept, and one loop's own if the other has none", .proves("C6.17"))
    func shares() throws {
        let id = try #require(Self.id())
        let clock = WallClock()
        func histogram(_ value: Double, at clock: WallClock) -> Histogram {
            var histogram = Histogram.seconds
            histogram.observe(value, tracedAs: Exemplar.Trace(id, at: clock))
            return histogram
        }
        let earlier = histogram(0.000_01, at: clock)
        while clock.secondsSince1970 * 1000 + clock.millisecond == earlier.exemplars[0]?.trace.millisecondsSince1970 {
            clock.update()
        }
        let later = histogram(0.000_02, at: clock)
        for sum in [earlier + later, later + earlier] {
            #expect(sum.exemplars.compactMap { $0?.value } == [0.000_02] && sum.counts[0] == 2)
        }
        for sum in [Histogram.seconds + later, later + Histogram.seconds] {
            #expect(sum.exemplars == later.exemplars)
        }
        #expect((earlier + histogram(1, at: clock)).exemplars.compactMap { $0?.value } == [0.000_01, 1])
    }
}
