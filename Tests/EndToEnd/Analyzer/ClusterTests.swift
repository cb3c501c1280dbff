import Foundation
import TestSupport
import Testing

/// `bungalow analyze` and `monitor` through the real kubectl, against a scripted API server.
@Suite struct ClusterTests {
    private typealias API = ScriptedKubernetes
    private static let namespace = "/api/v1/namespaces/serving"

    private static func log(_ ids: [String]) -> String {
        ids.enumerated().map { index, id in
            #"127.0.0.1 - - [21/Nov/2026:07:26:0\#(index) +0000] "POST /predict HTTP/1.1" 200 412 "-" "-""#
                + "\nX-Ms-Request-Id: \(id)\nPrediction took 0.\(index + 1)000 ms\n"
        }.joined()
    }

    /// Two pods of one deployment among others.
    private static func cluster(
        _ logs: [String: [String]], firstLine: String = "2026-11-21T07:25:59.123456789Z hello\n"
    ) -> [String: [[String: Any]]] {
        let pods = logs.keys.sorted()
        var answers: [String: [[String: Any]]] = [
            "/apis/apps/v1/deployments": [
                [
                    "body": [
                        "metadata": ["continue": "next"], "items": [API.deployment("web", namespace: "default")],
                    ]
                ],
                [
                    "body": [
                        "metadata": [String: String](), "items": [API.deployment("bungalow", namespace: "serving")],
                    ]
                ],
            ],
            "/apis/apps/v1/namespaces/serving/deployments/bungalow": [
                ["body": API.deployment("bungalow", namespace: "serving")]
            ],
            "\(namespace)/pods": [["body": ["items": pods.map { API.pod($0) }]]],
        ]
        for pod in pods {
            answers["\(namespace)/pods/\(pod)"] = [["body": API.pod(pod)]]
            answers["\(namespace)/pods/\(pod)/log"] = [["text": firstLine], ["text": log(logs[pod] ?? [])]]
            answers["\(namespace)/pods/\(pod):8000/proxy/metrics"] = [
                ["text": "bungalow_requests_total{route=\"/predict\",status=\"200\"} \(logs[pod]?.count ?? 0)\n"]
            ]
        }
        return answers
    }

    private static let logs = ["bungalow-6fc5cf8df6-aaaaa": ["a", "b", "c"], "bungalow-6fc5cf8df6-bbbbb": ["d", "e"]]

    @Test(
        "the questions of the original: context, deployment, path, then request ids until q; wrong input is asked again"
    )
    func dialogue() throws {
        let run = try AnalyzerRun()
        let api = try API(Self.cluster(Self.logs), for: run)
        let outcome = try run.run(
            ["analyze"], input: "x\n0\n3\n2\n\n9\n2\ncnn\n1\n  e \nnobody\n\nq\n", environment: api.environment)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.output.contains("\n1 - away \n2 - lab *\n"))
        #expect(outcome.output.contains("\n1 - default (web)\n2 - serving (bungalow)\n"))
        #expect(outcome.output.components(separatedBy: "Please answer with a number from 1 to 2.").count == 6)
        #expect(outcome.output.contains("Please answer 1 or 2, or just press Enter."))
        #expect(
            outcome.output.contains(
                "Found in file:  bungalow-6fc5cf8df6-bbbbb.txt\nLATENCY:  0.2  TIME:  2026-11-21 07:26:01"))
        #expect(outcome.output.contains("No request has this ID."))
        #expect(try run.read("bungalow-6fc5cf8df6-aaaaa.txt") == Self.log(["a", "b", "c"]))
        let results = try run.read("bungalow_results.txt")
        #expect(results.hasPrefix("Deployment: bungalow\nNamespace: serving\nPods: \n\t bungalow-6fc5cf8df6-aaaaa\n"))
        #expect(results.contains("Total calls - 5 \nTotal latency entries - 5\nFull Requests Captured - 5\n"))
        #expect(
            api.requests("\(Self.namespace)/pods?") == [
                "GET \(Self.namespace)/pods?labelSelector=app%3Dbungalow&limit=500&timeout=20s"
            ])
        #expect(
            api.requests("\(Self.namespace)/pods/").filter { $0.contains("/log?") }.allSatisfy {
                $0.contains("container=server")
            })
    }

    @Test(
        "the end of input ends politely at every question", arguments: ["", "2\n", "2\n2\n", "2\n2\n1\n", "2\n2\n1\nq"])
    func endOfInput(input: String) throws {
        let run = try AnalyzerRun()
        let api = try API(Self.cluster(Self.logs), for: run)
        let outcome = try run.run(["analyze"], input: input, environment: api.environment)
        #expect(outcome.exitCode == 0)
        #expect(outcome.error.hasSuffix("End of input: nothing more to do.\n") == !input.hasSuffix("q"))
    }

    private static let named = ["analyze", "--namespace", "serving", "--deployment", "bungalow"]

    @Test("without questions, the pods' counters show whether all requests are there")
    func counters() throws {
        let run = try AnalyzerRun()
        let api = try API(Self.cluster(Self.logs), for: run)
        let arguments = Self.named + ["--counters", "--output", "out"]
        let outcome = try run.run(arguments, environment: api.environment)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.error.contains("(2 of 2)"))
        #expect(try run.read("out/bungalow_results.txt") == outcome.output)
        let other = try run.run(Self.named + ["--expect", "7"], environment: api.environment)
        #expect(other.exitCode == 65 && other.output.contains("\nINCOMPLETE: 5 of 7 requests, by --expect\n"))
    }

    @Test("a log that begins after its container's start, and one that is unavailable, are reported as missing")
    func gaps() throws {
        let run = try AnalyzerRun()
        var answers = Self.cluster(Self.logs, firstLine: "2026-11-21T07:27:58.1Z hello\n")
        answers["\(Self.namespace)/pods/bungalow-6fc5cf8df6-bbbbb/log"] = [
            [
                "status": 400,
                "body": [
                    "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 400, "reason": "BadRequest",
                    "message": "container \"server\" is waiting to start: ContainerCreating",
                ],
            ]
        ]
        let api = try API(answers, for: run)
        let outcome = try run.run(Self.named, environment: api.environment)
        #expect(outcome.exitCode == 65)
        #expect(
            outcome.output.contains(
                "\nINCOMPLETE: 3 of an unknown number of requests; bungalow-6fc5cf8df6-aaaaa: the log begins 120 s after"
            ))
        #expect(outcome.output.contains("bungalow-6fc5cf8df6-bbbbb: the log could not be downloaded: kubectl: "))
        #expect(outcome.output.contains("is waiting to start: ContainerCreating"))
        #expect(outcome.output.contains("\nFile : bungalow-6fc5cf8df6-bbbbb.txt\nTimes (0):\n"))
    }

    @Test("a download that fails, or delivers nothing for too long, leaves an older log alone and does not count it")
    func failedDownload() throws {
        let run = try AnalyzerRun()
        let (a, b) = ("bungalow-6fc5cf8df6-aaaaa", "bungalow-6fc5cf8df6-bbbbb")
        var answers = Self.cluster(Self.logs)
        answers["\(Self.namespace)/pods/\(a)/log"] = [["status": 500, "text": "no"]]
        answers["\(Self.namespace)/pods/\(b)/log"] = [["text": "half a log\n", "hold": true]]
        let api = try API(answers, for: run)
        for pod in [a, b] { _ = try run.write("an older log of \(pod)", to: "\(pod).txt") }
        let outcome = try run.run(Self.named + ["--tail", "5", "--silence", "1"], environment: api.environment)
        #expect(outcome.exitCode == 65 && outcome.output.contains("\nTotal calls - 0 \n"), "\(outcome.error)")
        #expect(outcome.output.contains("\(a): the log could not be downloaded: kubectl: "))
        #expect(outcome.output.contains("\(b): the log could not be downloaded: no output for 1 s (--silence)"))
        for pod in [a, b] { #expect(try run.read("\(pod).txt") == "an older log of \(pod)") }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: run.folder.path).allSatisfy { !$0.hasSuffix(".part") })
    }

    @Test("a pod that does not report its counters costs the count, not the report")
    func unknownCounters() throws {
        let run = try AnalyzerRun()
        var answers = Self.cluster(Self.logs)
        answers["\(Self.namespace)/pods/bungalow-6fc5cf8df6-bbbbb:8000/proxy/metrics"] = [
            ["status": 503, "text": "no"]
        ]
        let api = try API(answers, for: run)
        let outcome = try run.run(Self.named + ["--counters"], environment: api.environment)
        #expect(outcome.exitCode == 65)
        #expect(outcome.output.contains("\nTotal calls - 5 \n"))
        #expect(
            outcome.output.contains(
                "\nNot checked: 5 of at least 5 requests, by the servers' counters; bungalow-6fc5cf8df6-bbbbb: the counters are unknown: "
            ))
    }

    @Test("the monitor ends in time although the API server hangs, and reports what it cannot find")
    func monitorInVain() throws {
        let run = try AnalyzerRun()
        let hung: [String: Any] = ["text": "", "hold": true]
        let api = try API(
            [
                "\(Self.namespace)/pods": [hung], "/api/v1/namespaces/empty/pods": [["body": ["items": [String]()]]],
                "/apis/metrics.k8s.io/v1beta1/namespaces/serving/pods": [hung],
                "/apis/metrics.k8s.io/v1beta1/namespaces/empty/pods": [["body": ["items": [String]()]]],
            ], for: run)
        _ = try run.write("an older one", to: "use.csv")
        let monitor = ["monitor", "--duration", "1", "--output", "use.csv", "--selector", "app=none"]
        let outcome = try run.run(monitor + ["--namespace", "serving"], environment: api.environment)
        #expect(outcome.exitCode == 69 && outcome.error.contains("the API server did not respond before the end"))
        #expect(try run.read("use.csv") == "an older one")
        let empty = try run.run(monitor + ["--namespace", "empty"], environment: api.environment)
        #expect(empty.exitCode == 0)
        #expect(empty.error.contains("\nWarning: no pod in empty has the labels app=none\n"), "\(empty.error)")
    }

    @Test("the selected parts of the logs are requested")
    func parts() throws {
        let run = try AnalyzerRun()
        let api = try API(Self.cluster(Self.logs), for: run)
        _ = try run.run(Self.named + ["--since", "10m", "--tail", "5"], environment: api.environment)
        _ = try run.run(Self.named + ["--previous"], environment: api.environment)
        let requests = api.requests("\(Self.namespace)/pods/bungalow-6fc5cf8df6-aaaaa/log")
        #expect(requests.count == 2 && requests.first?.contains("sinceSeconds=600&tailLines=5") == true)
        #expect(requests.last?.contains("previous=true") == true)
        #expect(try run.read("bungalow-6fc5cf8df6-aaaaa.previous.txt") == Self.log(["a", "b", "c"]))
    }

    @Test("what is logged during a recording is kept, also from later pods, and Ctrl-C ends it with a result")
    func recording() throws {
        let run = try AnalyzerRun()
        var answers = Self.cluster(Self.logs)
        let pods = Self.logs.keys.sorted()
        answers["\(Self.namespace)/pods"] = [
            ["body": ["items": [API.pod(pods[0])]]], ["body": ["items": [API.pod(pods[0])]]],
            ["status": 503, "text": "no"],
            ["body": ["items": pods.map { API.pod($0) }]],
        ]
        for pod in pods {
            // The last line before the recording, which is not recorded; then those during it.
            let last = "2026-11-21T07:25:59.123456789Z hello\n"
            let new = Self.log(Self.logs[pod] ?? []).split(separator: "\n").map { "2026-11-21T07:26:00.1Z \($0)\n" }
            let begin: [[String: Any]] = pod == pods[0] ? [["text": last]] : []
            answers["\(Self.namespace)/pods/\(pod)/log"] = begin + [["text": last + new.joined(), "hold": true]]
        }
        let api = try API(answers, for: run)
        let child = try run.start(
            Self.named + ["--follow", "--duration", "600"], environment: api.environment)
        try api.waitForRequest("\(pods[0])/log?container=server&tailLines=1&timeout=20s&timestamps=true")
        try api.waitForRequest(
            "\(pods[0])/log?container=server&follow=true&sinceTime=2026-11-21T07%3A25%3A59Z&timestamps=true")
        try api.waitForRequest("\(pods[1])/log?container=server&follow=true&timestamps=true")
        for pod in pods {
            let deadline = Date().addingTimeInterval(60)
            // It has another name until it is complete.
            let draft = "\(pod).txt.\(child.processID).part"
            let hello = pod == pods[0] ? "" : "hello\n"
            while try run.read(draft) != hello + Self.log(Self.logs[pod] ?? []) {
                try #require(Date() < deadline)
                try #require(child.standardError.text().contains("recording"))
            }
        }
        child.signal(SIGINT)
        #expect(try child.waitForExit() == 0, "\(child.standardError.text())")
        #expect(child.standardOutput.text().contains("Total calls - 5 \n"))
    }

    @Test("a cluster that does not respond, and a missing kubectl, are one clear line")
    func noCluster() throws {
        let run = try AnalyzerRun()
        let api = try API(Self.cluster(Self.logs), for: run)
        let away = try run.run(Self.named + ["--context", "away"], environment: api.environment)
        #expect(away.exitCode == 69 && away.error.hasPrefix("Error: kubectl: "), "\(away.error)")
        let empty = try run.run(
            ["analyze", "--namespace", "serving", "--deployment", "none"], environment: api.environment)
        #expect(empty.exitCode == 69 && empty.error.hasPrefix("Error: kubectl: "), "\(empty.error)")
        let missing = try run.run(Self.named, environment: ["PATH": "/nowhere"])
        #expect(missing.exitCode == 69 && missing.error.hasPrefix("Error: kubectl is not in PATH"), "\(missing.error)")
    }

    @Test("the monitor counts the selected pods' named container, and survives errors and pods that come and go")
    func monitor() throws {
        let run = try AnalyzerRun()
        let (a, b) = ("bungalow-6fc5cf8df6-aaaaa", "bungalow-6fc5cf8df6-bbbbb")
        var ended = API.pod("bungalow-6fc5cf8df6-ccccc")
        ended["status"] = ["phase": "Succeeded"]
        let metrics = "/apis/metrics.k8s.io/v1beta1/namespaces/serving/pods"
        let api = try API(
            [
                "\(Self.namespace)/pods": [
                    ["body": ["items": [API.pod(a)]]], ["status": 500, "text": "no"],
                    ["body": ["items": [API.pod(a), API.pod(b), ended]]],
                ],
                metrics: [
                    ["body": ["items": [API.use(a, cpu: "125m", memory: "64Mi")]]], ["status": 503, "text": "no"],
                    [
                        "body": [
                            "items": [
                                API.use(a, cpu: "1234567n", memory: "1024Ki"), API.use("x", cpu: "9", memory: "9"),
                            ]
                        ]
                    ],
                ],
            ], for: run)
        let child = try run.start(
            [
                "monitor", "--duration", "600", "--interval", "0.1", "--output", "use.csv", "--namespace", "serving",
                "--selector", "app=bungalow", "--container", "server",
            ], environment: api.environment)
        _ = try child.standardError.waitForLine(containing: ": 2 pods, 0.5 cores reserved, 0.001234567 cores")
        child.signal(SIGINT)
        #expect(try child.waitForExit() == 0)
        let rows = try run.read("use.csv").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(
            rows.first?.joined(separator: ",")
                == "time,n_replica,cpu_req_core,mem_req_KB,cpu_lim_core,mem_lim_KB,cpu_use_core,mem_use_KB")
        #expect(rows.dropFirst().first?.dropFirst() == ["1", "0.25", "131072", "1", "262144", "0.125", "65536"])
        #expect(rows.last?.dropFirst() == ["2", "0.5", "262144", "2", "524288", "0.001234567", "1024"])
        #expect(child.standardOutput.text().hasPrefix("reserved: ") && child.standardOutput.text().contains("\nused: "))
        #expect(child.standardError.text().contains("1 samples are missing"))
    }
}
