import Foundation
import LatencyAnalyzer
import Testing

@testable import LoadReport

/// siege's log and output, as found in practice.
@Suite struct SiegeTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    private static let titles =
        "      Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed"

    @Test("The case of a log without titles")
    func noTitles() throws {
        try folder.add("cases/siege-logs/no-header/load_output.csv")
        let evidence = try folder.read()
        let run = try evidence.run("load_output")
        #expect(evidence.skipped == [] && run.calls == 6125 && run.failures == 4 && run.tool == "siege")
        #expect(run.times?.upperBound == Instant(rfc3339: "2026-11-21T11:30:00Z"))
        #expect(try evidence.claim("Not every request succeeded").verdict == .void)
    }

    @Test("The case of a log with decimal commas: read, and its failures are failures")
    func decimalCommas() throws {
        try folder.add("cases/siege-logs/decimal-comma/load_output.csv")
        let evidence = try folder.read()
        let run = try evidence.run("load_output")
        #expect(evidence.skipped == [] && run.calls == 3025 && run.failures == 4)
        #expect(abs(try #require(run.meanMilliseconds) - 580) < 1e-9)
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-21T11:28:00.59Z"))
        #expect(try evidence.claim("Not every request succeeded").numbers.contains("load_output: 4 failed"))
    }

    @Test("Decimal commas without titles, and with no response at all, are read, too")
    func decimalCommasWithoutTitles() throws {
        try folder.write(
            """
            2026-11-21 11:29:00,   3021,      59,41,           0,       0,58,       50,85,        0,01,       29,60,    3021,       4
            2026-11-21 11:30:00,      0,       0,99,           0,       -nan,        0,00,        0,00,        0,00,       0,       2

            """, to: "a.log")
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        #expect(try evidence.run("a").calls == 3027 && evidence.run("a").failures == 6)
    }

    @Test("Further columns are skipped, and wider ones accepted")
    func furtherColumns() throws {
        try folder.write(
            """
            \(Self.titles),  Longest, Note
            2026-11-21 11:29:00, 30210000,      59.41,     12345678,       0.58,  5085000.85,        0.01,       29.60, 30210000,       4,     1.20, with a note

            """, to: "a.log")
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        #expect(try evidence.run("a").calls == 30_210_004 && evidence.run("a").failures == 4)
    }

    @Test(
        "A row that does not fit its titles is rejected with its number, and the rest proves nothing",
        arguments: [
            (
                "2026-11-21 11:29:00,   3021,      59.41,           0,       0.58,       50.85,        0.01,       29.60,    3021,       4,  7",
                11
            ),
            (
                "2026-11-21 11:29:00,   3021,      59.41,           0,       0.58,       50.85,        0.01,       29.60,    3021",
                9
            ),
            (
                "2026-11-21 11:29:00,   3021,      59,41,           0,       0,58,       50,85,        0,01,       29.60,    3021,       4,  7",
                15
            ),
        ])
    func misfit(row: String, cells: Int) throws {
        let good =
            "2026-11-21 11:28:00,     10,      59.50,           1,       0.90,        0.17,        0.00,        0.00,      10,       0"
        try folder.write([Self.titles, row, good, ""].joined(separator: "\n"), to: "a.log")
        let evidence = try folder.read()
        let line = "a.log: row 2 is rejected: it has \(cells) cells for 10 columns"
        #expect(evidence.skipped == [line])
        #expect(try evidence.run("a").calls == 10)
        let claim = try evidence.claim("Every request succeeded")
        #expect(claim.verdict == .unproven && claim.numbers.contains("a: \(line)"))
    }

    @Test("Hits that were not okay failed, whatever the column of failures says")
    func hitsThatWereNotOkay() throws {
        try folder.write(
            Self.titles
                + "\n2026-11-21 11:29:00,    100,      59.41,           0,       0.58,       50.85,        0.01,       29.60,      90,       0\n",
            to: "a.log")
        #expect(try folder.read().run("a").failures == 10)
    }

    // In Berlin the clock was put back from 3:00 to 2:00 on 2026-10-25, at 1:00 UTC.
    @Test("Rows across the repeated hour follow each other")
    func hourThatComesTwice() throws {
        let rows = ["02:30:00", "02:59:30", "02:00:30", "02:30:00", "03:00:10"].map {
            "2026-10-25 \($0),     10,      25.00,           1,       0.90,        0.17,        0.00,        0.00,      10,       0"
        }
        try folder.write(([Self.titles] + rows).joined(separator: "\n") + "\n", to: "a.log")
        let run = try folder.read(in: "Europe/Berlin").run("a")
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-10-25T00:29:35Z"))
        #expect(run.times?.upperBound == Instant(rfc3339: "2026-10-25T02:00:10Z"))
        let slots = try #require(run.series)
        let busy = slots.entries.filter { $0.slot.calls > 0 }.map { $0.start / 1800 * 1800 }
        #expect(Set(busy).sorted().map { $0 - 1_792_886_400 } == [0, 1800, 3600, 5400, 7200])
    }

    @Test("A time in the skipped hour is that of a clock that was not put forward")
    func hourThatIsLeftOut() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(Instant(local: "2026-03-29 02:30:00", in: berlin) == Instant(rfc3339: "2026-03-29T01:30:00Z"))
        #expect(Instant(local: "2026-03-29 01:59:59", in: berlin) == Instant(rfc3339: "2026-03-29T00:59:59Z"))
        #expect(Instant(local: "2026-03-29 03:00:00", in: berlin) == Instant(rfc3339: "2026-03-29T01:00:00Z"))
        #expect(
            Instant.candidates(local: "2026-10-25 02:30:00", in: berlin).map(\.seconds) == [
                1_792_888_200, 1_792_891_800,
            ])
    }

    @Test("Our own run of siege is in UTC, as stated in the file beside its log, whatever this machine's zone")
    func ownRun() throws {
        try folder.add("measured/lab.siege.log", "measured/lab.siege.json")
        let evidence = try folder.read(in: "America/New_York")
        #expect(try evidence.run("lab").times?.upperBound == Instant(rfc3339: "2026-11-21T16:56:54Z"))
        #expect(try evidence.claim("Every request succeeded").verdict == .proven)
        try FileManager.default.removeItem(atPath: folder.path("lab.siege.json"))
        let alone = try folder.read(in: "America/New_York")
        #expect(try alone.run("lab").times?.upperBound == Instant(rfc3339: "2026-11-21T21:56:54Z"))
        #expect(try alone.claim("Every request succeeded").verdict == .unproven)
    }

    @Test("A mark in the first line, and titles again in the middle, are not rows")
    func marks() throws {
        let row =
            "2026-11-21 11:28:00,     10,      59.50,           1,       0.90,        0.17,        0.00,        0.00,      10,       1"
        try folder.write(
            ["**** a mark, with commas, before the titles ****", Self.titles, row, Self.titles, row, ""]
                .joined(separator: "\n"), to: "a.log")
        let evidence = try folder.read()
        #expect(evidence.skipped == [])
        #expect(try evidence.run("a").failures == 2)
    }

    // siege 4.0.7's own output; that of 4.1, which has ms, after its main.c.
    @Test(
        "siege's sums are read as text and as JSON, between its other lines",
        arguments: [
            ("tools/siege.txt", 3307, 330), ("tools/siege-json.txt", 2072, 207), ("tools/siege-busy.txt", 1027, 1027),
            ("tools/clean/siege-clean.txt", 3727, 0),
        ])
    func output(name: String, calls: Int, failures: Int) throws {
        try folder.add(name, changed: "2026-11-21T16:32:00Z")
        let evidence = try folder.read()
        let run = try #require(evidence.runs.first)
        #expect(evidence.skipped == [] && run.tool == "siege" && run.calls == calls && run.failures == failures)
        #expect(run.isTimeOfFile && run.times?.upperBound == Instant(rfc3339: "2026-11-21T16:32:00Z"))
        #expect(evidence.claims.map(\.verdict) == [failures > 0 ? .void : .proven])
    }

    @Test("siege 4.1 prints ms, and the same run once more as JSON")
    func newSiege() throws {
        try folder.write(
            """
            {
            Transactions:\t\t      100    hits
            Availability:\t\t      100.00 %
            Elapsed time:\t\t        2.00 secs
            Response time:\t\t       20.00 ms
            Successful transactions:      100
            Failed transactions:\t        0
            Longest transaction:\t       80.00 ms

            {
            \t"transactions":\t\t\t         100,
            \t"availability":\t\t\t      100.00,
            \t"elapsed_time":\t\t\t        2.00,
            \t"response_time":\t\t        0.02,
            \t"successful_transactions":\t         100,
            \t"failed_transactions":\t\t           0
            }
            """.replacing("{\nTrans", with: "Trans"), to: "a.txt")
        let run = try folder.read().run("a")
        #expect(run.calls == 100 && abs((run.meanMilliseconds ?? 0) - 20) < 1e-9 && run.achievedRate == 50)
    }

    @Test("siege's output without its sums, or with an availability that does not match, is not a success")
    func brokenOutput() throws {
        let text = try ReportFolder.text("tools/siege.txt")
        let cut = try #require(text.range(of: "Transactions:"))
        try folder.write(String(text[..<cut.lowerBound]), to: "a.txt")
        #expect(try folder.read().skipped == ["a.txt: siege's output without its sums; was it interrupted?"])
        try folder.write(text.replacing("         330", with: "           0"), to: "a.txt")
        #expect(try folder.read().claim("Every request succeeded").verdict == .unproven)
    }
}
