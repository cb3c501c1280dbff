import Foundation
import Testing

@testable import LoadReport

/// Recordings of pods' resources, several in one file.
@Suite struct MonitorFileTests {
    private let folder: ReportFolder
    private static let titles =
        "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB\n"

    init() throws { folder = try ReportFolder() }

    @Test("The case of two recordings in one file")
    func appended() throws {
        try folder.add("cases/monitor-appended/appended/resource_output.csv", changed: "2026-11-21T11:30:00Z")
        let evidence = try folder.read()
        #expect(evidence.skipped == [] && evidence.resources.count == 2)
        #expect(
            evidence.resources.map(\.source) == [
                "resource_output.csv, recording 1", "resource_output.csv, recording 2",
            ])
        // It is unknown when the first was made; the last ended with the file.
        #expect(evidence.resources[0].times == nil)
        #expect(evidence.resources[1].times?.lowerBound == Instant(rfc3339: "2026-11-21T11:29:54.8Z"))
        let used = evidence.resources.compactMap { $0.whole }.map { $0.usedCoreSeconds / $0.knownUseSeconds }
        #expect(used.count == 2 && abs(used[0] - 0.1) < 1e-9 && abs(used[1] - 0.3) < 1e-9)
        let text = LoadSummary(evidence, name: "x").text
        #expect(text.contains("resource_output.csv, recording 1"))
    }

    @Test("Without its titles a recording begins where time goes back to the start")
    func withoutTitles() throws {
        let rows = "0,1,0.5,1,1,1,0.2,1\n10,1,0.5,1,1,1,0.2,1\n0,3,1.5,1,1,1,0.4,1\n12,3,1.5,1,1,1,0.4,1\n"
        try folder.write(Self.titles + rows, to: "use-20260102T030405Z.csv", changed: "2026-01-02T05:00:00Z")
        let uses = try folder.read().resources
        #expect(
            uses.compactMap(\.times).map(\.lowerBound) == [
                Instant(rfc3339: "2026-01-02T03:04:05Z"), Instant(rfc3339: "2026-01-02T04:59:48Z"),
            ])
        #expect(uses.map { $0.whole?.most } == [1, 3])
    }

    @Test("A repeated row, or one from between two others, is rejected and does not begin a recording")
    func disorder() throws {
        let rows =
            "0,1,0.5,1,1,1,0.2,1\n0,1,0.5,1,1,1,0.2,1\n10,1,0.5,1,1,1,0.2,1\n5,1,0.5,1,1,1,0.2,1\n20,1,0.5,1,1,1,0.2,1\n"
        try folder.write(Self.titles + rows, to: "a.csv")
        let evidence = try folder.read()
        #expect(evidence.resources.count == 1)
        #expect(evidence.skipped == ["a.csv: 2 rows are broken or cut short and left out, the first of them row 3"])
    }
}
