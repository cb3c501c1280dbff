import Testing

@testable import LoadReport

/// Unsupported results are identified, with what to do.
@Suite struct ForeignToolTests {
    // hey, ab and wrk are Debian's, k6 is 1.1; the others follow their documentation.
    @Test(
        "A file of another tool is named with what to do",
        arguments: [
            ("tools/hey.txt", "output of hey: "), ("tools/hey.csv", "CSV of hey: "), ("tools/ab.txt", "output of ab: "),
            ("tools/wrk.txt", "output of wrk: "), ("tools/k6-text.txt", "k6's text for people: "),
        ])
    func measured(name: String, start: String) throws {
        let folder = try ReportFolder()
        try folder.add(name, "tools/clean/lclean_stats.csv")
        let evidence = try folder.read()
        let line = try #require(evidence.skipped.first)
        #expect(
            line.hasPrefix("\(name.dropFirst(6)): \(start)") && line.contains(#/measure with|run it with/#), "\(line)")
        // A result that was not read may contain failures.
        #expect(try evidence.claim("Every request succeeded").verdict == .unproven)
    }

    @Test(
        "Results of other tools are named by their first lines",
        arguments: [
            ("Summary:\n  Success rate:\t100.00%\n  Total:\t1.0 secs\n  Slowest:\t0.1 secs\n", "output of oha: "),
            (#"{"summary":{"successRate":1.0,"total":1.0,"slowest":0.01,"fastest":0.001}}"#, "JSON of oha: "),
            ("Requests      [total, rate, throughput]         500, 100.20, 100.19\n", "a report of vegeta: "),
            (
                #"{"latencies":{"total":1,"mean":1},"bytes_in":{"total":1},"requests":5,"success":1}"#,
                "a report of vegeta: "
            ),
            (
                #"{"attack":"","seq":0,"code":200,"timestamp":"2026-11-21T07:26:00Z","latency":123}"#,
                "results of vegeta: "
            ),
            ("1795787705000000000,200,1234567,0,11,,eyJ9,,0,GET,http://127.0.0.1/,\n", "results of vegeta: "),
            (
                "NAME                        CPU(cores)   MEMORY(bytes)\nbungalow-6fc5   100m   30Mi\n",
                "a snapshot of kubectl top"
            ),
            ("POD             NAME      CPU(cores)   MEMORY(bytes)\n", "a snapshot of kubectl top"),
            ("<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n", "JMeter's results as XML"),
            ("1795787711000,12,predict,200,OK,Users 1-1,text,true\n", "rows of JMeter without titles"),
            ("<!DOCTYPE html>\n<html><head><title>Locust</title>", "Locust's page for people"),
        ])
    func described(text: String, start: String) throws {
        let folder = try ReportFolder()
        try folder.write(text, to: "a.txt")
        let skipped = try folder.read().skipped
        #expect(skipped.first?.hasPrefix("a.txt: \(start)") == true, "\(skipped)")
    }

    @Test(
        "Notes, scripts and pages beside the results are not taken for results",
        arguments: ["load.js", "README", "notes.md", "a.yaml"])
    func otherFiles(name: String) throws {
        let folder = try ReportFolder()
        try folder.write("?", to: name)
        try folder.add("tools/clean/lclean_stats.csv")
        #expect(try folder.read().claim("Every request succeeded").verdict == .proven)
    }
}
