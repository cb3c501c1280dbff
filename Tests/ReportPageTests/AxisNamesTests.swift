import ReportPage
import Testing

/// Names below a time axis: each beside its bar, none on top of another.
@Suite struct AxisNamesTests {
    private func chart(_ stretches: [(name: String, from: Double, to: Double)]) -> Chart {
        var chart = Chart(title: "t", names: AxisNames(stretches, places: (56, 948)))
        chart.draw(horizontal: Axis(from: 0, to: 60, places: (chart.left, chart.right)), caption: "UTC")
        return chart
    }

    @Test("Stretches one after another share a lane; those that would touch get lanes of their own")
    func lanes() {
        let apart = chart([("one", 60, 200), ("two", 300, 400)])
        let together = chart([("one", 60, 200), ("two", 100, 400)])
        #expect(apart.height == 300 && together.height == 320)
        #expect(apart.bottom == Chart(title: "t").bottom)
        for name in ["one", "two"] { #expect(together.html.contains(">\(name)</text>")) }
    }

    @Test("A name near the end is written leftwards, a long one is cut, and all are escaped")
    func edges() {
        let html = chart([("<b>", 940, 948), (String(repeating: "x", count: 50), 60, 70)]).html
        #expect(html.contains("text-anchor=\"end\">&lt;b&gt;</text>"))
        #expect(html.contains(">" + String(repeating: "x", count: 31) + "…</text>"))
    }

    @Test("Names without a lane are counted")
    func tooMany() {
        let html = chart((0..<10).map { ("run \($0)", 100, 900) }).html
        #expect(
            html.contains(">run 5</text>") && !html.contains(">run 6</text>")
                && html.contains(">and 4 more runs</text>"))
    }

    @Test("A figure for page and phone has one caption and both drawings")
    func pageAndPhone() throws {
        let html = try #require(Chart.html { Chart(title: "t \($0)", width: $0) })
        #expect(
            html.contains("<svg class=\"page\" viewBox=\"0 0 960 ")
                && html.contains("<svg class=\"phone\" viewBox=\"0 0 380 "))
        #expect(html.split(separator: "<figcaption>").count == 2)
        #expect(Chart.html { $0 > 500 ? Chart(title: "t") : nil } == nil)
    }
}
