import Foundation
import LoadReport
import Recipes
import TestSupport
import Testing

@Suite("A monitor's CSV that is not whole")
struct MonitorFilesTests {
    static let titles = "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB"

    static func write(_ text: String, _ name: String, in folder: TemporaryFolder) throws {
        try text.write(to: folder.url.appending(path: name), atomically: true, encoding: .utf8)
    }

    @Test("Without a column the rest is read, and the column is named")
    func columns() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<20).map { "\($0 * 5),2,100,2,100,0.5,100" }
        try Self.write(
            (["time,n_replica,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB"] + rows).joined(
                separator: "\n"),
            "use-20261127T091552Z.csv", in: folder)
        let run = try OtherInputsTests.run(folder)
        #expect(run.samples.count == 20 && run.samples[3].pods == 2 && run.samples[3].cores.used == 0.5)
        #expect(run.notes == ["use-20261127T091552Z.csv lacks the column cpu_req_core"])
        #expect(run.lackingColumns == ["cpu_req_core"] && run.hasReplicas && run.origin == 1_795_770_952)
    }

    @Test("Of two recordings of a monitor the longer one is used, and both are named")
    func two() throws {
        let folder = try TemporaryFolder()
        func csv(_ count: Int) -> String {
            ([Self.titles] + (0..<count).map { "\($0 * 5),2,1,100,2,100,0.5,100" }).joined(separator: "\n")
        }
        try Self.write(csv(20), "use-20261127T091552Z.csv", in: folder)
        try Self.write(csv(30), "use-20261127T101552Z.csv", in: folder)
        let run = try OtherInputsTests.run(folder)
        #expect(run.samples.count == 30)
        #expect(
            run.notes.contains {
                $0.contains("2 recordings of a monitor; use-20261127T101552Z.csv, which has the most samples")
            }, "\(run.notes)")
    }

    @Test("Of a CSV whose rows are all impossible, the first of them is named")
    func impossible() throws {
        let folder = try TemporaryFolder()
        try Self.write("\(Self.titles)\n0,-3,1,100,2,100,0.5,100\n5,-3,1,100,2,100,0.5,100\n", "usage.csv", in: folder)
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        #expect(
            evidence.skipped.count == 1 && evidence.skipped[0].contains("the first of them row 2"),
            "\(evidence.skipped)")
    }

    @Test(
        "The marks in siege's log tell its load, as loadtest/siege/phases names it; rows at another time ask for their zone"
    )
    func siege() throws {
        let folder = try TemporaryFolder()
        let samples = (0..<60).map { "\($0 * 5),1,1,100,2,100,0.2,100" }
        try Self.write(([Self.titles] + samples).joined(separator: "\n"), "use-20261127T091500Z.csv", in: folder)
        func log(_ hour: String) -> String {
            """
                  Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
            **** phase 1 delay 2 clients 5 ****
            2026-11-27 \(hour):17:00,    300,      60.00,           0,       0.10,        5.00,        0.00,        0.50,     300,       0
            """
        }
        try Self.write(log("09"), "run.siege.log", in: folder)
        let run = try OtherInputsTests.run(folder)
        #expect(run.phases?.count == 2 && run.loadSource == "its commands", "\(String(describing: run.phases))")
        try Self.write(log("10"), "run.siege.log", in: folder)
        let evidence = try LoadFolder(path: folder.url.path, zone: .gmt).read()
        let error = LoadTests.error { () throws(RecipeError) in
            _ = try RecordedRun(folder: folder.url.path, evidence: evidence)
        }
        #expect(error?.contains("name their zone with --time-zone") == true, "\(error ?? "read")")
    }
}
