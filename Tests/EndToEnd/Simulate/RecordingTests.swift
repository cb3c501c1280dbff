import Foundation
import TestSupport
import Testing

/// `calibrate`, `simulate --recording` and `explain --recording` as a person runs them.
@Suite struct RecordingCommandTests {
    /// A recording like the lab's, written by `simulate --csv`: monitor's CSV and siege's log.
    static func recording(_ run: AnalyzerRun, cost: Double) throws -> String {
        let manifests = try run.write(SimulateTests.manifests, to: "app.yaml")
        let load = """
            phases:
              - {seconds: 60}
              - {seconds: 240, clients: 20, pause_s: [0, 3], rounding: whole}
              - {seconds: 30}
              - {seconds: 200, clients: 60, pause_s: [0, 3], rounding: whole}
            """
        let arguments = [
            "simulate", "--manifests", manifests, "--load", try run.write(load, to: "load.yaml"), "--service",
            try run.write("cpu_per_miss_ms: {mean: \(cost), cv: 0.1}\nbase_cpu_cores: 0.005", to: "truth.yaml"),
            "--duration", "1200", "--seed", "77", "--csv", run.path("recorded"),
        ]
        let outcome = try run.run(arguments)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        try FileManager.default.copyItem(atPath: manifests, toPath: run.path("recorded/manifests.yaml"))
        return run.path("recorded")
    }

    @Test("A recording is calibrated on its first load, predicted, explained, and reported", arguments: [12.0, 30])
    func recorded(cost: Double) throws {
        let run = try AnalyzerRun()
        let folder = try Self.recording(run, cost: cost)
        let calibration = try run.run(["calibrate", folder, "--until", "315", "--time-zone", "UTC"])
        #expect(calibration.exitCode == 0, "\(calibration.error)")
        #expect(calibration.error.contains("open: cpu_per_hit_ms: no request is known to be a hit"))
        let service = try run.write(calibration.output, to: "service.yaml")
        let prediction = try run.run([
            "simulate", "--recording", folder, "--service", service, "--time-zone", "UTC", "--html",
            run.path("page.html"),
        ])
        #expect(prediction.exitCode == 0, "\(prediction.error)")
        #expect(prediction.output.hasPrefix("PROVEN: app as predicted"), "\(prediction.output)")
        #expect(prediction.output.contains("not judged: 0 to 315 s"))
        #expect(prediction.output.contains("load by its commands"))
        let page = try String(contentsOfFile: run.path("page.html"), encoding: .utf8)
        #expect(page.contains("served, recorded") && page.contains("PROVEN: app as predicted"))
        let report = try run.run(["report", folder, "--time-zone", "UTC"])
        #expect(report.output.contains("PROVEN    app as predicted"), "\(report.output)")
        let explanation = try run.run(["explain", "--recording", folder, "--time-zone", "UTC"])
        #expect(explanation.exitCode == 0 && explanation.output.contains("Changes, "), "\(explanation.error)")
        #expect(explanation.output.contains("all are taken to be ready"))
    }

    @Test("A gzipped scoring log and times as dates")
    func logs() throws {
        let run = try AnalyzerRun()
        let folder = try Self.recording(run, cost: 20)
        // Thirteen requests a second, the rate of the load.
        let lines = (0..<300 * 13).map { request in
            let second = request / 13
            return """
                127.0.0.1 - - [01/Jan/2000:00:0\(1 + second / 60):\(second % 60 < 10 ? "0" : "")\(second % 60) +0000] "GET /test HTTP/1.1" 200 231 "-" "-"
                X-Ms-Request-Id: \(request)
                Prediction took 70.0 ms

                """
        }
        let log = try run.write(lines.joined(), to: "pod-a.txt")
        _ = try ChildProcess.run("/usr/bin/env", ["gzip", log])
        try FileManager.default.createDirectory(atPath: folder + "/logs", withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: log + ".gz", toPath: folder + "/logs/pod-a.txt.gz")
        let found = try run.run([
            "calibrate", folder, "--from", "2000-01-01T00:01:00Z", "--until", "2000-01-01T00:05:15Z", "--time-zone",
            "UTC",
        ])
        #expect(found.exitCode == 0, "\(found.error)")
        #expect(found.output.contains("of 3315 scoring times, less the CPU"), "\(found.output)")
    }

    @Test("Each file that is passed over is named, with the reason")
    func passedOver() throws {
        let run = try AnalyzerRun()
        let folder = try Self.recording(run, cost: 20)
        for (name, text) in [
            ("calibrate-few.run.json", ""), ("notes.txt", "nothing of interest"),
            ("other.metrics", "# TYPE go_threads gauge\ngo_threads 7\n"), ("calls.sqlite", "SQLite format 3\u{0}"),
        ] {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let found = try run.run(["calibrate", folder, "--time-zone", "UTC"])
        #expect(found.exitCode == 0, "\(found.error)")
        for line in [
            "not read: calibrate-few.run.json: empty", "not read, of no known format: notes.txt",
            "other.metrics is left out: it has no process_cpu_seconds_total", "calls.sqlite is left out: ",
        ] { #expect(found.error.contains(line), "\(line)\n\(found.error)") }
    }

    @Test("A report of a recording that has changed since says that its prediction is of another one")
    func changed() throws {
        let run = try AnalyzerRun()
        let folder = try Self.recording(run, cost: 12)
        let service = try run.write("cpu_per_miss_ms: {mean: 12, cv: 0.1}\nbase_cpu_cores: 0.005", to: "service.yaml")
        let predicted = try run.run([
            "simulate", "--recording", folder, "--service", service, "--time-zone", "UTC",
        ])
        #expect(predicted.output.hasPrefix("PROVEN"), "\(predicted.output)\(predicted.error)")
        let json = try run.run([
            "simulate", "--recording", folder, "--service", service, "--time-zone", "UTC", "--json",
        ])
        #expect(
            json.output.contains("\"simulation\" : {") && json.output.contains("\"decisions\" : ["), "\(json.error)")
        let before = try run.run(["report", folder, "--time-zone", "UTC"])
        #expect(before.output.contains("PROVEN    app as predicted"), "\(before.output)")
        // The report's own page is not a part of the recording.
        let again = try run.run(["report", folder, "--time-zone", "UTC"])
        #expect(again.output.contains("PROVEN    app as predicted"), "\(again.output)")
        let log = try FileHandle(forWritingTo: URL(filePath: folder).appending(path: "siege.log"))
        try log.seekToEnd()
        try log.write(contentsOf: Data("\n".utf8))
        try log.close()
        let after = try run.run(["report", folder, "--time-zone", "UTC"])
        #expect(
            after.output.contains("UNPROVEN  app as predicted")
                && after.output.contains("siege.log has changed since the recording was judged"), "\(after.output)")
    }

    @Test("An unusable input ends with one line and the exit code of its kind")
    func errors() throws {
        let run = try AnalyzerRun()
        let folder = try Self.recording(run, cost: 12)
        try FileManager.default.createDirectory(atPath: run.path("empty"), withIntermediateDirectories: true)
        for (arguments, code, message) in [
            (["calibrate", run.path("empty")], 66, "no recorded run"),
            (["calibrate", folder, "--from", "9000"], 64, "--from is after the end of the recording"),
            (["calibrate", folder, "--from", "noon"], 64, "2026-11-27T09:19:57Z"),
            (["simulate", "--recording", folder, "--csv", folder], 64, "whose files must stay as they are"),
            (["simulate", "--recording", folder, "--html", folder + "/siege.log"], 64, "name another place"),
            (["calibrate", run.path("none")], 66, "not a readable folder"),
            (["simulate", "--recording", run.path("empty")], 66, "no recorded run"),
            (["simulate"], 64, "Give --manifests and --load, or --recording."),
            (["explain"], 64, "Give --namespace for a live autoscaler, or --recording."),
            (["explain", "--recording", folder, "--manifests", run.path("none")], 66, "there is no such file"),
        ] as [([String], Int32, String)] {
            let outcome = try run.run(arguments)
            #expect(outcome.exitCode == code, "\(arguments) \(outcome.error)")
            #expect(outcome.error.contains(message), "\(outcome.error)")
        }
    }
}
