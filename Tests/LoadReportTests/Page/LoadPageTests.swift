import Foundation
import LoadReport
import Testing

/// The page and the text: complete, self-contained, and safe whatever a file contains.
@Suite struct LoadPageTests {
    private func page(_ folder: ReportFolder) throws -> String { LoadPage(try folder.read(), name: "test").html }

    @Test("The page shows every chart and loads nothing from a host")
    func pageIsSelfContained() throws {
        let folder = try ReportFolder()
        for name in try ReportFolder.vectorNames("measured") + ReportFolder.vectorNames("throughput") {
            try folder.add(name)
        }
        let page = try page(folder)
        let titles = [
            "Claims and their numbers", "Requests/s over time", "Latency over time, ms",
            "Hit rate, planned and achieved, %", "Latency at percentiles",
            "Saturation: requests/s by number of users",
            "Replicas", "Cores reserved and used", "Core-hours reserved so far", "Runs", "Resources by run",
        ]
        for title in titles { #expect(page.contains("<figcaption>\(title)"), "\(title)") }
        // The addresses of the services under test are text.
        let text = page.replacing(#/^\/\/ .*$/#.anchorsMatchLineEndings(), with: "").replacing(
            "http://127.0.0.1", with: "")
        for reference in ["http://", "https://", "src=", "href=", "url(", "@import", " style="] {
            #expect(!text.contains(reference), "\(reference)")
        }
        #expect(page.contains("default-src 'none'") && !page.contains("unsafe-inline"))
        #expect(!page.contains("\"nan") && !page.contains("inf\""))
    }

    @Test("Text from files is escaped in the page")
    func textIsEscaped() throws {
        let folder = try ReportFolder()
        let evil = "<script>alert('1')</script>"
        let run = try ReportFolder.text("measured/open.run.json")
        try folder.write(run.replacing("\"name\": \"open\"", with: "\"name\": \"\(evil)\""), to: "a.run.json")
        try folder.write(
            ReportFolder.text("measured/plain_failures.csv").replacing("LocustBadStatusCode", with: evil),
            to: "\(evil.replacing("/", with: "")).csv")
        try folder.write("?", to: "<b>.txt")
        let page = try page(folder)
        #expect(!page.contains(evil) && !page.contains("<b>.txt"))
        #expect(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;") && page.contains("&lt;b&gt;.txt: "))
    }

    @Test("Many runs still fit on one page")
    func manyRuns() throws {
        let folder = try ReportFolder()
        let run = try ReportFolder.text("measured/open.run.json")
        for number in 0..<400 {
            try folder.write(
                run.replacing("\"name\": \"open\"", with: "\"name\": \"run \(number)\""), to: "\(number).run.json")
            try folder.write("?", to: "\(number).txt")
        }
        let page = try page(folder)
        #expect(page.contains("Runs (200 more are not shown)") && page.contains("<li>and 350 more</li>"))
        #expect(page.utf8.count < 2_000_000)
    }

    @Test("A run whose time is only its file's date does not stretch the others' axis")
    func fileDateDoesNotStretchAxis() throws {
        let folder = try ReportFolder()
        try folder.add("measured/open.run.json")
        let alone = try page(folder)
        try folder.add("measured/k6-export.json", changed: "2020-01-01T00:00:00Z")
        #expect(try page(folder).contains("<p>2 runs · 2026-11-21 16:56:30 to 2026-11-21 16:56:38 UTC</p>"))
        #expect(alone.contains("2026-11-21 16:56:30 to 2026-11-21 16:56:38 UTC"))
    }

    @Test("The text for the terminal has the same verdicts and tables")
    func textForTheTerminal() throws {
        let folder = try ReportFolder()
        try folder.add("measured/cache-0.75-1.run.json", "measured/open.run.json")
        let text = LoadSummary(try folder.read(), name: "test").text
        #expect(text.hasPrefix("test: 2 runs, 2026-11-21 16:55:21 to 2026-11-21 16:56:38 UTC\n\nClaims:\n"))
        #expect(text.contains("\t PROVEN    cache-0.75-1: cache rate 0.75 achieved\n"))
        #expect(text.contains("\nLatency by cache rate, sustained (the hold), medians of the proven runs:\n"))
        #expect(text.contains("\n\t 0.75 (closed)     1       1  0.6325  "))
    }
}
