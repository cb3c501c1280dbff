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
            (
                "starttime\tseconds\tctime\tdtime\tttime\twait\n"
                    + "Sat Nov 21 11:28:10 2026\t1795260490\t0\t1\t1\t1\n",
                "a table of ab (-g): "
            ),
            ("Percentage served,Time in ms\n0,1.0\n50,2.0\n", "a table of ab (-e): "),
            // Locust 2.47, with and without its log, and its last table alone; then 0.14.
            (
                "[2026-11-28 00:17:29,782] vm/INFO/locust.main: Starting Locust 2.47.0\n"
                    + "[2026-11-28 00:17:29,790] vm/INFO/locust.main: Run time limit set to 2 seconds\n",
                "Locust's text for people: run it with --csv NAME"
            ),
            (
                "Type     Name    # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s\n"
                    + "--------|-------|-------|-------------|-------|-------|-------|-------|--------|-----------\n",
                "Locust's text for people: "
            ),
            (
                "Response time percentiles (approximated)\nType     Name   50%    66%    75%    80%    90%   # reqs\n",
                "Locust's text for people: "
            ),
            (" Name    # reqs      # fails     Avg     Min     Max  |  Median   req/s\n", "Locust's text for people: "),
            (
                "summary =     31 in 00:00:02 =   15.5/s Avg:     5 Min:     1 Max:    77 Err:     0 (0.00%)\n",
                "JMeter's text for people: run it with -l NAME.jtl"
            ),
        ])
    func described(text: String, start: String) throws {
        let folder = try ReportFolder()
        try folder.write(text, to: "a.txt")
        let skipped = try folder.read().skipped
        #expect(skipped.first?.hasPrefix("a.txt: \(start)") == true, "\(skipped)")
    }

    @Test(
        "A table that lacks one column is described by that column, with what to do",
        arguments: [
            (
                "timeStamp,elapsed,label,responseCode\n1795260490000,5,predict,200\n", "JMeter's rows", "success",
                "run JMeter with -Jjmeter.save.saveservice.successful=true"
            ),
            (
                "timeStamp;label;success\n1795260490000;predict;true\n", "JMeter's rows", "elapsed",
                "run JMeter with -Jjmeter.save.saveservice.time=true"
            ),
            (
                "elapsed,label,success\n5,predict,true\n", "JMeter's rows", "timeStamp",
                "run JMeter with -Jjmeter.save.saveservice.timestamp_format=ms"
            ),
            (
                "timeStamp\telapsed\tsuccess\n1795260490000\t5\ttrue\n", "JMeter's rows", "label",
                "run JMeter with -Jjmeter.save.saveservice.label=true"
            ),
            (
                "Type,Name,Request Count\n,Aggregated,5\n", "a table of Locust", "Failure Count",
                "save the table with all its columns"
            ),
            (
                "**** mark ****\nDate & Time,Trans,Elap Time,OKAY\n2026-11-21 11:29:00,5,1.0,5\n", "siege's log",
                "Failed", "save the table with all its columns"
            ),
        ])
    func missingColumn(text: String, format: String, title: String, advice: String) throws {
        let folder = try ReportFolder()
        try folder.write(text, to: "a.csv")
        let evidence = try folder.read()
        #expect(evidence.skipped == ["a.csv: it looks like \(format), but has no column \(title): \(advice)"])
        #expect(evidence.unread == ["a.csv"])
    }

    @Test(
        "Tables that share a title or two with a known one are of no known format",
        arguments: ["time,label", "Name,Type"])
    func otherTables(titles: String) throws {
        let folder = try ReportFolder()
        try folder.write("\(titles)\n1,2\n", to: "a.csv")
        #expect(try folder.read().skipped == ["a.csv: of no known format"])
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
