import Foundation
import Testing

/// `bungalow simulate` as a person runs it.
@Suite struct SimulateTests {
    static let manifests = """
        kind: Deployment
        metadata: {name: app}
        spec:
          template:
            spec:
              containers:
                - name: main
                  resources: {requests: {cpu: 200m}, limits: {cpu: "1"}}
        ---
        kind: HorizontalPodAutoscaler
        metadata: {name: app}
        spec:
          minReplicas: 1
          maxReplicas: 10
          scaleTargetRef: {kind: Deployment, name: app}
          metrics:
            - type: ContainerResource
              containerResource: {name: cpu, container: main, target: {type: Utilization, averageUtilization: 50}}
        """

    @Test("Fresh metrics, a sync phase and times with units: the replicas of each second as JSON")
    func json() throws {
        let run = try AnalyzerRun()
        let files = [
            "--manifests", try run.write(Self.manifests, to: "app.yaml"), "--load",
            try run.write("demand_cores: [[0, 0.08], [15, 0.9], [90, 0.1]]", to: "demand.yaml"),
        ]
        let options = [
            "--metrics-lag", "0", "--sync-period", "5s", "--sync-phase", "1", "--downscale-stabilization", "30",
            "--start-up", "3", "--initial-ready-for", "45", "--duration", "170", "--json",
        ]
        let outcome = try run.run(["simulate"] + files + options)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(try run.run(["simulate"] + files + options).output == outcome.output)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let rows = try #require(json["replicas"] as? [[String: Any]])
        let spec = rows.compactMap { $0["spec"] as? Int }
        #expect(spec.count == 171 && spec[14] == 1 && spec[17] == 4 && spec.max() == 9 && spec.last == 1)
    }

    @Test("Tables, explanations, the lab's files and the page")
    func outputs() throws {
        let run = try AnalyzerRun()
        let outcome = try run.run([
            "simulate", "--manifests", try run.write(Self.manifests, to: "app.yaml"), "--load", "course", "--explain",
            "--csv", run.path("lab"), "--html", run.path("page.html"), "--runs", "3",
        ])
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.output.contains("stays at 1") && outcome.output.contains("medians of 3 seeds"))
        #expect(outcome.error.contains("seed 1 to 3"))
        for file in ["lab/siege.log", "lab/use-20000101T000000Z.csv", "page.html"] {
            #expect(FileManager.default.fileExists(atPath: run.path(file)), "\(file)")
        }
    }

    @Test("A load from a file of analyze --sqlite, and from the folder of a recorded run")
    func recordedLoads() throws {
        let run = try AnalyzerRun()
        let manifests = try run.write(Self.manifests, to: "app.yaml")
        let lines = (0..<120).map { second -> String in
            let clock = "07:\(26 + second / 60):\(second % 60 < 10 ? "0" : "")\(second % 60)"
            return """
                127.0.0.1 - - [21/Nov/2026:\(clock) +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"
                X-Ms-Request-Id: \(second)
                Prediction took 0.08 ms

                """
        }
        let log = try run.write(lines.joined(), to: "pod-a.txt")
        let analysis = try run.run(["analyze", "--files", log, "--sqlite", run.path("calls.sqlite")])
        #expect(analysis.exitCode == 0, "\(analysis.error)")
        let siege = """
                  Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  Trans Rate,  Throughput,  Concurrent,    OKAY,   Failed
            2026-11-21 07:30:00,    600,      60.00,           0,       0.01,       10.00,        0.00,        0.10,     600,       0

            """
        try FileManager.default.createDirectory(
            atPath: run.path("recorded"), withIntermediateDirectories: true)
        _ = try run.write(siege, to: "recorded/siege.log")
        for (load, requests) in [("calls.sqlite", 120.0), ("recorded", 600)] {
            let outcome = try run.run([
                "simulate", "--manifests", manifests, "--load", run.path(load), "--json",
            ])
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let phase = try #require((json?["phases"] as? [[String: Any]])?.first)
            #expect(phase["name"] as? String == "recorded")
            let offered = try #require(phase["requests"] as? Double)
            // Arrivals are random at the recorded rate.
            #expect(abs(offered - requests) < 5 * requests.squareRoot(), "\(load) \(offered)")
        }
    }

    @Test("An unusable input ends with one line and the exit code of its kind")
    func errors() throws {
        let run = try AnalyzerRun()
        let good = try run.write(Self.manifests, to: "app.yaml")
        let greedy = try run.write(Self.manifests.replacingOccurrences(of: "200m", with: "64"), to: "greedy.yaml")
        for (arguments, code, message) in [
            (["--manifests", greedy, "--load", "lab"], 66, "requests 64.0 cores"),
            (["--manifests", run.path("none.yaml"), "--load", "lab"], 66, "there is no such file"),
            (["--manifests", good, "--load", "nothing"], 66, "there is no such load; give lab, course"),
            (["--manifests", good, "--load", good], 66, "kind is unknown"),
            (["--manifests", good, "--load", "lab", "--hit-rate", "2"], 64, "--hit-rate must be from 0 to 1"),
            (["--manifests", good, "--load", "lab", "--csv", "/dev/null/x"], 73, "it cannot be written"),
        ] as [([String], Int32, String)] {
            let outcome = try run.run(["simulate"] + arguments)
            #expect(outcome.exitCode == code, "\(arguments) \(outcome.error)")
            #expect(outcome.error.contains(message), "\(outcome.error)")
            #expect(outcome.output.isEmpty)
        }
    }
}
