import Foundation
import TestSupport
import Testing

/// `bungalow analyze --files` on the logs of real servers, and the command's messages.
@Suite struct AnalyzeFilesTests {
    @Test("N requests in are N records out, equal to the servers' own counters, whatever the load")
    func countersOfTwoServers() throws {
        let run = try AnalyzerRun()
        let servers = try [ServerProcess(["--event-loops", "2"]), ServerProcess(["--scoring-log", "dl"])]
        var connections = try (0..<24).map { try servers[$0 % 2].connect() }
        let (callsEach, ids) = (15, (0..<24).map { index in (0..<15).map { "c\(index)-\($0)" } })
        for call in 0..<callsEach {
            for (index, connection) in connections.enumerated() {
                let body = (call + index).isMultiple(of: 9) ? "[{}]" : ServerProcess.sample
                let header = ["X-Ms-Request-Id: \(ids[index][call])"]
                try connection.send("POST", "/predict", headers: header, body: Array(body.utf8))
            }
        }
        var good: Set<String> = []
        for connection in connections {
            for _ in 0..<callsEach {
                let response = try connection.response()
                if response.status == 200 { good.insert(try #require(response["X-Ms-Request-Id"])) }
            }
        }
        #expect(good.count > 300)
        connections.removeAll()
        let metrics = try servers.enumerated().map { index, server in
            try run.write(server.call("GET", "/metrics", body: nil).text, to: "\(index).metrics")
        }
        let pods = ["bungalow-6fc5cf8df6-aaaaa", "bungalow-6fc5cf8df6-bbbbb"]
        for (pod, server) in zip(pods, servers) {
            #expect(try server.stop() == 0)
            _ = try run.write(server.log, to: "\(pod).txt")
        }

        let files = ["analyze", "--files"] + pods.map { run.path("\($0).txt") }
        let outcome = try run.run(files + ["--sqlite", "calls.sqlite", "--html", "page.html", "--metrics"] + metrics)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(try outcome.output == run.read("bungalow_results.txt"))
        #expect(outcome.output.contains("\nTotal calls - 360 \nTotal latency entries - \(good.count)\n"))
        #expect(outcome.output.contains("\nFull Requests Captured - \(good.count)\n"))
        #expect(outcome.output.hasSuffix("Broken or missing: nothing.\n"))
        #expect(outcome.output.contains("\nComplete: 360 of 360 requests, by the servers' counters\n"))
        #expect(try run.read("page.html").contains("<svg"))
        let answer = try run.run(["query", "calls.sqlite", "SELECT request_id FROM calls WHERE request_id IS NOT NULL"])
        #expect(Set(answer.output.split(separator: "\n").dropFirst().map(String.init)) == good)

        // A log whose end is missing is not reported as complete.
        let log = try run.read("\(pods[0]).txt")
        _ = try run.write(String(log.prefix(log.count / 2)), to: "\(pods[0]).txt")
        let cut = try run.run(files + ["--json", "--metrics"] + metrics)
        #expect(cut.exitCode == 65)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(cut.output.utf8)) as? [String: Any])
        #expect((report["completeness"] as? String)?.hasPrefix("INCOMPLETE: ") == true)
        #expect(
            (report["completeness"] as? String)?.contains(" of 360 requests, by the servers' counters") == true)
    }

    @Test("standard input is a log too")
    func standardInput() throws {
        let run = try AnalyzerRun()
        let block = #"127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#
        let log = "\(block)\nX-Ms-Request-Id: a\nPrediction took 0.0312 ms\n"
        let outcome = try run.run(["analyze", "--files", "-", "--deployment", "piped"], input: log)
        #expect(outcome.exitCode == 0)
        #expect(try run.read("piped_results.txt").contains("\nFile : stdin\nTimes (1):\n"))
    }

    @Test("silence is not success: each verdict has its line and its exit code")
    func verdicts() throws {
        let run = try AnalyzerRun()
        let block = #"127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#
        let id = "X-Ms-Request-Id: 5afbcc69-eec4-4661-9108-071428f0d50f"
        _ = try run.write("\(block)\n\(id)\nPrediction took 0.0312 ms\n", to: "pod.txt")
        _ = try run.write("", to: "empty.txt")
        _ = try run.write("NAME   READY\n", to: "list.txt")
        let cases: [([String], Int32, String)] = [
            (["pod.txt"], 0, "Not checked: nothing says how many requests there should be; "),
            (["pod.txt", "--expect", "1"], 0, "Complete: 1 of 1 requests, by --expect"),
            (["pod.txt", "--expect", "2"], 65, "INCOMPLETE: 1 of 2 requests, by --expect"),
            (["pod.txt", "--expect", "0"], 65, "MORE THAN EXPECTED: 1 of 0 requests, by --expect"),
            (["empty.txt"], 65, "INCOMPLETE: no request was read; empty.txt holds no readable request: it is empty; "),
            (
                ["empty.txt", "--expect", "0"], 65,
                "Not checked: no request was read; empty.txt holds no readable request"
            ),
            (
                ["list.txt", "pod.txt"], 65,
                "INCOMPLETE: 1 of an unknown number of requests; list.txt holds no readable "
            ),
            (["-"], 65, "INCOMPLETE: no request was read; stdin holds no readable request: it is empty; "),
        ]
        for (arguments, exitCode, line) in cases {
            let outcome = try run.run(["analyze", "--files"] + arguments)
            #expect(outcome.exitCode == exitCode, "\(arguments)")
            #expect(outcome.output.contains("\n\(line)"), "\(outcome.output)")
            let isIncomplete = outcome.output.contains("\nINCOMPLETE")
            #expect(!isIncomplete || !outcome.output.contains("Broken or missing: nothing"))
        }
    }

    @Test(
        "a mistake is one clear line and a documented exit code",
        arguments: [
            (
                ["analyze", "--files", "nowhere.txt"], 66,
                "Error: nowhere.txt cannot be opened: No such file or directory"
            ),
            (["analyze", "--files", "-", "--follow", "--duration", "5"], 64, "Error: --files and --follow cannot be"),
            (
                ["analyze", "--namespace", "a", "--deployment", "b", "--follow"], 64,
                "Error: --follow and --duration must"
            ),
            (["analyze", "--files", "-", "--path", "cnn"], 64, "Error: The value 'cnn' is invalid for '--path"),
            (
                ["analyze", "--files", "-", "--output", "/dev/null/x"], 73,
                "Error: the folder /dev/null/x cannot be created"
            ),
            (
                ["analyze", "--files", "-", "--sqlite", "/dev/null/x"], 73,
                "Error: /dev/null/x cannot be used as a database"
            ),
            (["analyze", "--files", "-", "--expect", "-1"], 64, "Error: --expect -1 is not allowed"),
            (
                ["analyze", "--files", "-", "--deployment", "../evil"], 64,
                "Error: --deployment '../evil' is not a name"
            ),
            (["analyze", "--files", "-", "--html", ""], 64, "Error: --html is empty"),
            (
                ["analyze", "--deployment", "b", "--follow", "--duration", "\(Int.max)"], 64,
                "Error: --duration \(Int.max) is not allowed: use 1 to 31536000 seconds."
            ),
            (
                ["analyze", "--deployment", "b", "--since", "10"], 64,
                "Error: --since 10 is not a duration: use hours, minutes and seconds, such as 10s, 5m or 1h30m."
            ),
            (["analyze", "--deployment", "b", "--since", "0s"], 64, "Error: --since 0s is not a duration"),
            (["query", "nowhere.sqlite", "SELECT 1"], 66, "Error: nowhere.sqlite cannot be read"),
            (
                ["monitor", "--duration", "0", "--output", "a", "--selector", "a=b"], 64,
                "Error: --duration must be more"
            ),
            (
                ["monitor", "--duration", "1e300", "--output", "a", "--selector", "a=b"], 64,
                "Error: --duration must be more than 0 and at most 31536000 seconds."
            ),
            (
                ["monitor", "--duration", "1", "--interval", "1e300", "--output", "a", "--selector", "a=b"], 64,
                "Error: --interval must be from 0.1 to 86400 seconds."
            ),
            (["pods", "--rps", "5"], 64, "Error: Give --latency-ms, or --hit-rate"),
            (["pods", "--rps", "-5", "--latency-ms", "5"], 64, "Error: "),
            (["pods", "--pods", "1", "--latency-ms", "0"], 64, "Error: --latency-ms must be more than 0"),
            (["nothing"], 64, "Error: "),
        ] as [([String], Int32, String)])
    func mistakes(arguments: [String], exitCode: Int32, message: String) throws {
        let outcome = try AnalyzerRun().run(arguments)
        #expect(outcome.exitCode == exitCode)
        #expect(outcome.error.hasPrefix(message), "\(outcome.error)")
        #expect(outcome.output.isEmpty)
    }

    @Test("every subcommand explains itself", arguments: ["analyze", "query", "monitor", "pods"])
    func help(subcommand: String) throws {
        let outcome = try AnalyzerRun().run([subcommand, "--help"])
        #expect(outcome.exitCode == 0 && outcome.error.isEmpty)
        #expect(outcome.output.contains("USAGE: bungalow \(subcommand)") && outcome.output.contains("OVERVIEW: "))
    }

    @Test("the worked examples of the scaling formulae")
    func pods() throws {
        let run = try AnalyzerRun()
        let need = try run.run(
            ["pods", "--rps", "24", "--latency-ms", "500", "--concurrency", "1", "--cpu", "0.5", "--vm-cpu", "4"])
        #expect(
            need.output == """
                12 pods, 3 nodes (6 cores available, 6 needed) for 24 RPS at 500 ms
                18 pods, 4 nodes (9.3 cores available, 9 needed) to run at 70 % of saturation

                """)
        let table = try run.run(["pods", "--pods", "12", "--latency-ms", "20", "500", "1000"])
        #expect(
            table.output == """
                12 pods at 20 ms: 600 RPS at most, run them at 420
                12 pods at 500 ms: 24 RPS at most, run them at 16.8
                12 pods at 1000 ms: 12 RPS at most, run them at 8.4

                """)
    }

    @Test("lost output is an error, and no closed stream is taken for a file")
    func closedStreams() throws {
        let run = try AnalyzerRun()
        let block = #"127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#
        let log = try run.write("\(block)\nX-Ms-Request-Id: a\nPrediction took 0.0312 ms\n", to: "pod.txt")
        let analyze = ["analyze", "--files", "pod.txt", "--sqlite", "calls.sqlite"]
        for arguments in [
            analyze, ["query", "calls.sqlite", "SELECT 1"], ["pods", "--pods", "1", "--latency-ms", "5"], ["--help"],
            ["--version"],
        ] {
            let outcome = try run.run(arguments, redirection: ">&-")
            #expect(outcome.exitCode == 73, "\(arguments)")
            #expect(outcome.error.hasSuffix("Error: standard output cannot be written: Bad file descriptor\n"))
        }
        #expect(try run.run(analyze, redirection: "2>&-").exitCode == 0)
        #expect(try run.run(analyze, redirection: ">&- 2>&- <&-").exitCode == 73)
        let stored = try run.run(["query", "calls.sqlite", "SELECT count(*) AS calls FROM calls"])
        #expect(stored.output == "calls\n    1\n")
        #expect(try run.read("pod.txt") == String(contentsOfFile: log, encoding: .utf8))
    }

    @Test("no log is overwritten, a results file is not a log, and a log that is named twice counts once")
    func inputsAndOutputs() throws {
        let run = try AnalyzerRun()
        let block = #"127.0.0.1 - - [21/Nov/2026:07:26:00 +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#
        let log = "\(block)\nX-Ms-Request-Id: a\nPrediction took 0.0312 ms\n"
        _ = try run.write(log, to: "pod.txt")
        for arguments in [["--html", "pod.txt"], ["--sqlite", "pod.txt"], ["--html", "logs_results.txt"]] {
            let outcome = try run.run(["analyze", "--files", "pod.txt"] + arguments)
            #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome.error)")
        }
        #expect(try run.read("pod.txt") == log)
        let files = ["analyze", "--files", "pod.txt", "./pod.txt", "logs_results.txt"]
        #expect(try run.run(Array(files.dropLast())).output.contains("\nTotal calls - 1 \n"))
        let outcome = try run.run(files)
        #expect(outcome.output.contains("\nTotal calls - 1 \n") && !outcome.output.contains("File : logs_results"))
        #expect(
            outcome.error.contains("./pod.txt is named twice, or links to another of the logs: it counts once\n"))
        #expect(outcome.error.contains("logs_results.txt is a results file, not a log: left out\n"))
        #expect(try run.run(files + ["--expect", "0"]).exitCode == 65)
    }
}
