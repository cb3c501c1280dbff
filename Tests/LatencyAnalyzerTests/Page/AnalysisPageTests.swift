import Foundation
import LatencyAnalyzer
import TestSupport
import Testing

/// The page: complete, self-contained, and safe whatever a file is called.
@Suite struct AnalysisPageTests {
    @Test("The page shows all charts and loads nothing from a host")
    func pageIsSelfContained() async throws {
        let folder = try LogFolder()
        let files = try LogVectors.pods.map { try folder.write(try LogVectors.text($0), to: "\($0).txt") }
        let page = AnalysisPage(try await Analysis.of(files, expected: 2000)).html
        for title in ["Scoring time over time", "Distribution of scoring times", "Pods side by side", "Throughput"] {
            #expect(page.contains("<figcaption>\(title)"))
        }
        #expect(page.contains("INCOMPLETE: 1000 of 2000 requests"))
        for reference in ["http://", "https://", "//", "src=", "href=", "url(", "@import"] {
            // Two slashes occur only in the script's own comment.
            #expect(
                !page.replacing(#/^\/\/ .*$/#.anchorsMatchLineEndings(), with: "").contains(reference), "\(reference)")
        }
        #expect(!page.contains("nan") && !page.contains("inf,"))
    }

    @Test("A file's name is escaped in the page")
    func fileNameIsEscaped() async throws {
        let folder = try LogFolder()
        let name = "<script>\"'&.txt"
        let page = AnalysisPage(try await Analysis.of([folder.write("", to: name)])).html
        #expect(page.contains("&lt;script&gt;&quot;&#39;&amp;"))
        #expect(!page.contains("<script>\"'&"))
    }

    @Test("A log without requests has empty charts, and labels do not overlap the edges or each other")
    func emptyChartsAndLabels() async throws {
        let folder = try LogFolder()
        let empty = AnalysisPage(try await Analysis.of([folder.write("", to: "pod.txt")])).html
        #expect(empty.components(separatedBy: ">no scored requests</text>").count == 3)
        #expect(empty.contains(">no requests</text>") && !empty.contains("1970"))
        let blocks = (0..<60).map { LogFolder.block(second: $0, id: "a", milliseconds: "1.5") }
        let page = AnalysisPage(try await Analysis.of([folder.write(blocks.joined(), to: "pod.txt")])).html
        #expect(
            page.contains("text-anchor=\"end\">07:01:00</text>") || page.contains("text-anchor=\"end\">07:01</text>"))
        #expect(page.contains("text-anchor=\"end\">p50</text>") && page.contains("text-anchor=\"start\">p99</text>"))
    }

    @Test("Many pods and a year of calls still fit on one page")
    func manyPods() async throws {
        let folder = try LogFolder()
        let files = try (0..<60).map { pod in
            let months = ["Jan", "Apr", "Aug", "Dec"]
            let text = months.map {
                "127.0.0.1 - - [0\(1 + pod % 9)/\($0)/2026:07:00:00 +0000] \"POST /score HTTP/1.1\" 200 5\n"
                    + "Prediction took \(pod).5 ms\n"
            }
            return try folder.write(text.joined(), to: "pod-\(pod).txt")
        }
        let page = AnalysisPage(try await Analysis.of(files)).html
        #expect(page.contains("53 other pods") && page.contains("(20 more are not drawn)"))
        #expect(page.utf8.count < 2_000_000)
    }
}
