import Foundation
import LatencyAnalyzer
import Testing

@testable import LoadReport

/// JMeter's results, from JMeter itself and from Azure Load Testing.
@Suite struct JMeterTests {
    private let folder: ReportFolder

    init() throws { folder = try ReportFolder() }

    @Test("A row is a request, except for rows of transactions", arguments: ["visits.jtl", "visits.csv"])
    func rows(name: String) throws {
        try folder.write(ReportFolder.vector("tools/visits.jtl"), to: name)
        let evidence = try folder.read()
        let run = try evidence.run("visits")
        #expect(evidence.skipped == [] && run.tool == "jmeter" && run.calls == 12 && run.failures == 2)
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-27T13:55:11Z"))
        #expect(run.series?.slots.map(\.users).max() == 2 && run.percentiles?.count == 10)
        #expect(run.errors.map(\.text) == ["predict 503 Service Unavailable"] && run.errors.map(\.count) == [2])
        #expect(try evidence.claim("Not every request succeeded").verdict == .void)
    }

    @Test("The engines of Azure Load Testing are one run, named after their folder")
    func engines() throws {
        for engine in 1...3 {
            try folder.write(ReportFolder.vector("tools/visits.jtl"), to: "alt/engine\(engine)_results.csv")
        }
        let run = try folder.read().run("alt")
        #expect(run.calls == 36 && run.failures == 6 && run.series?.slots.map(\.calls).reduce(0, +) == 36)
    }

    @Test("Rows alone do not prove that no row is missing")
    func unproven() throws {
        let rows = try ReportFolder.text("tools/visits.jtl").split(separator: "\n").filter { !$0.contains(",503,") }
        try folder.write(rows.joined(separator: "\n") + "\n", to: "a.jtl")
        #expect(try folder.read().claim("Every request succeeded").verdict == .unproven)
    }

    @Test(
        "Other separators are read where the titles have them", arguments: [";", "\t"])
    func separators(separator: String) throws {
        let text = try ReportFolder.text("tools/visits.jtl")
        try folder.write(
            text.replacing("transaction : 2, number", with: "transaction : 2 number").replacing(",", with: separator),
            to: "a.jtl")
        #expect(try folder.read().run("a").failures == 2)
    }

    @Test("A local time is read if timestamp_format was set")
    func localTimes() throws {
        try folder.write(
            "timeStamp,elapsed,label,success\n2026/11/21 08:26:00.123,12,a,true\n2026-11-21T08:26:02.5,12,a,false\n",
            to: "a.jtl")
        let run = try folder.read(in: "Europe/Berlin").run("a")
        #expect(run.times?.lowerBound == Instant(rfc3339: "2026-11-21T07:26:00Z") && run.failures == 1)
    }
}
