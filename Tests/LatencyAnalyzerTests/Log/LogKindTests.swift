import Foundation
import LatencyAnalyzer
import ScoringLog
import TestSupport
import Testing

/// A file that is not a scoring log is identified, with the command that produces a log.
@Suite struct LogKindTests {
    @Test(
        "A file without a readable request is named, and is never a success",
        arguments: [
            ("", "it is empty; kubectl logs POD --tail=-1 > POD.txt"),
            ("PK\u{3}\u{4}\u{0}\u{0}", "it is a zip archive; unzip -p saved | bungalow analyze --files -"),
            ("BZh91AY&SY", "it is compressed with bzip2; bzip2 -dc saved | bungalow"),
            ("SQLite format 3\u{0}", "it is an SQLite file; bungalow query asks it"),
            (#"{"kind": "PodList", "items": []}"#, "it is Kubernetes' description of objects in JSON; kubectl logs"),
            ("apiVersion: v1\nkind: Pod\n", "it is a Kubernetes manifest; kubectl logs"),
            ("NAME    READY   STATUS\nbungalow-1 1/1 Running\n", "it is the list of kubectl get; kubectl logs"),
            (
                "Error from server (NotFound): pods \"x\" not found\n",
                "it is kubectl's error message \"Error from server (Not"
            ),
            (
                "unable to retrieve container logs for containerd://0123\n",
                "it is the node's error message \"unable to retrieve container logs for containerd://0123\"; the node has"
            ),
            (
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n",
                "it is kubectl's error message \"The connection to the server localhost:8080 was"
            ),
            (
                "No resources found in lab namespace.\n",
                "it is kubectl's message \"No resources found in lab namespace.\"; "
            ),
            (
                "Error response from daemon: No such container: api",
                "it is Docker's error message \"Error response from"
            ),
            (
                "2026-11-21T11:28:10+0000 info bungalow: [Server] Bungalow listens on http://127.0.0.1:8000\n",
                "it has only the server's own messages, which go to standard error; the scoring log goes to standard output"
            ),
            (
                "TimeGenerated [UTC],PodName\r\n\"11/21/2026, 11:28:10.000 AM\",x\r\n",
                "it is a table of Azure Log Analytics without the column LogMessage or LogEntry; export the query "
            ),
            (
                "<14>1 2026-11-21T11:28:10Z host bungalow 1 - - Prediction took 0.2100 ms\n",
                "its lines begin with syslog's header (RFC 5424); sed -E 's/^<[0-9]+>1 ([^ ]+ ){5}(-|\\[[^]]*\\]) //' saved | "
            ),
            (
                "p-1 bungalow 11-21 11:28:10 Prediction took 0.2100 ms\n",
                "its lines begin with stern's prefix and its short time; stern -t writes one that is read; or sed"
            ),
            ("# HELP bungalow_up x\n", "it is the text of /metrics; give it with --metrics"),
            ("<!DOCTYPE html><html>", "it is a page, as of a portal"),
            ("      Date & Time,  Trans,  Elap Time\n", "it is siege's log; bungalow report reads it"),
            ("INFO:     127.0.0.1:4775 - \"POST /predict HTTP/1.1\" 200 OK\n", "it is uvicorn's access log"),
            (
                "10.0.0.7 - - [21/Nov/2026:11:28:10 +0000] \"POST /predict HTTP/1.1\" 200 5\n",
                "it is an access log of other clients, as of a gateway"
            ),
            ("   1\t127.0.0.1 - - [", "its lines begin with numbers, as of cat -n; cut -f2- saved | bungalow analyze"),
            (
                "12:Prediction took 0.2100 ms\n",
                "its lines begin with numbers, as of grep -n; sed -E 's/^[0-9]+[:-]//' saved |"
            ),
            (
                "pod.txt:Prediction took 0.2100 ms\n",
                "its lines begin with a file's name, as of grep; grep -h writes none"
            ),
            (
                "Nov 21 15:00:01 node1 bungalow[12]: Prediction took 0.2100 ms\n",
                "its lines begin with the time, the host and the program, as of journalctl or syslog; journalctl -u UNIT -o cat"
            ),
            (
                "  Prediction took 0.2100 ms\n",
                "its lines begin with blanks; sed -E 's/^[ \\t]+//' saved | bungalow analyze"
            ),
            (
                "{\n  \"request_id\": \"a\",\n  \"route\": \"/predict\"\n}\n",
                "it is the log of SCORING_LOG=json without one request a line, as jq prints it; jq -c . saved | bungalow"
            ),
            (String(repeating: "\0", count: 900), "it holds only zero bytes, as after a crash"),
            (" \n\n\t\n", "it holds only blanks and empty lines; kubectl logs"),
            (
                "a.txt" + String(repeating: "\0", count: 252) + "ustar  \0" + String(repeating: "\0", count: 247)
                    + LogFolder.block(second: 1, id: "a", milliseconds: "0.2000"),
                "it is a tar archive; tar -xf saved unpacks it, and tar -xOf saved LOG | bungalow analyze --files -"
            ),
            ("web1 | 3 | Prediction took 0.2100 ms\n", "its lines have a prefix that is not known: web1 | 3 | Pred"),
            ("[1, 2]", "it is JSON, but neither that of SCORING_LOG=json"),
            ("Starting nginx\n", "it is text, but not a scoring log"),
        ])
    func kind(text: String, sentence: String) async throws {
        let folder = try LogFolder()
        let analysis = try await Analysis.of([try folder.write(text, to: "saved")])
        let line = analysis.completeness.line
        #expect(
            line.hasPrefix("INCOMPLETE: no request was read; saved holds no readable request: \(sentence)"), "\(line)")
        #expect(!ResultsFile(analysis).text.contains("Broken or missing: nothing"))
    }

    @Test("A gzip in a gzip is named")
    func gzipInGzip() async throws {
        let folder = try LogFolder()
        let gzip = try SavedLogs.gzip(try SavedLogs.gzip(Data("Prediction took 0.2100 ms\n".utf8)))
        let line = try await Analysis.of([try folder.write(gzip, to: "pod.txt.gz")]).completeness.line
        #expect(line.contains("it is compressed twice with gzip; gzip -dc pod.txt.gz | bungalow analyze --files -"))
    }

    @Test("A damaged gzip is read up to the damage, and named")
    func damagedGzip() async throws {
        let folder = try LogFolder()
        let log = (0..<2000).map { LogFolder.block(second: $0, id: "a\($0 * 7919)", milliseconds: "0.0312") }.joined()
        let gzip = try SavedLogs.gzip(Data(log.utf8))
        let file = try folder.write(gzip.prefix(gzip.count / 2), to: "pod.txt.gz")
        let analysis = try await Analysis.of([file])
        #expect(analysis.total.counts.requests > 100)
        #expect(analysis.completeness.line.hasPrefix("INCOMPLETE: "))
        #expect(analysis.completeness.line.contains("pod.txt.gz ends in the middle of its gzip: the end is missing; "))
        #expect(analysis.pods.map(\.file.pod) == ["pod"])
    }

    @Test("A line of more than 64 KiB is counted and skipped, in every format", arguments: ["", "api-1 | ", "T"])
    func overlongLine(prefix: String) async throws {
        let prefix = prefix == "T" ? "2026-11-21T11:28:10.1Z " : prefix
        let folder = try LogFolder()
        let block = { LogFolder.block(second: $0, id: "x\($0)", milliseconds: "0.5000") }
        let long = String(repeating: "x", count: 70_000)
        let text = (0..<9).map(block).joined() + long + "\n" + block(9)
        let lines = text.split(separator: "\n").map { prefix + $0 + "\n" }
        let analysis = try await Analysis.of([try folder.write(lines.joined(), to: "pod.txt")])
        #expect(analysis.total.counts.requests == 10 && analysis.total.scoredCalls == 10)
        #expect(analysis.total.counts.overlongLines == 1)
        #expect(analysis.completeness.line.contains("1 lines of pod.txt"))
    }
}
