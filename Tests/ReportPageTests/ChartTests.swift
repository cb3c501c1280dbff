import ReportPage
import Testing

/// Axes, charts and their page, independent of real data.
@Suite struct ChartTests {
    @Test("A linear axis goes from 0 to a round value that is not below the largest one")
    func linearAxis() {
        let axis = Axis(upTo: 87, places: (200, 0))
        #expect(axis.place(0) == 200 && axis.place(100) == 0)
        #expect(axis.place(-1) == 200 && axis.place(1000) == 0)
    }

    @Test("A logarithmic axis gives each factor of ten the same room")
    func logarithmicAxis() {
        let axis = Axis(logarithmicFrom: 1, to: 100, places: (0, 200))
        #expect(abs(axis.place(10) - 100) < 1e-9)
        #expect(axis.place(0) == 0)
    }

    @Test("A time axis has its ticks at round times of the day")
    func timeAxis() {
        var chart = Chart(title: "t")
        // 2026-11-21T07:26:00Z and two minutes.
        chart.draw(
            horizontal: Axis(from: 1_795_245_960, to: 1_795_246_080, places: (chart.left, chart.right)), caption: "UTC")
        #expect(chart.html.contains(">07:26:30</text>") || chart.html.contains(">07:26:20</text>"))
        #expect(chart.html.contains(">UTC</text>"))
    }

    @Test("A percentile axis gives each nine of the tail the same room, and uses the given names for its ticks")
    func percentileAxis() {
        var chart = Chart(title: "t")
        let axis = Axis(percentiles: [90, 99, 99.9], named: { "<\($0)>" }, places: (0, 200))
        #expect(abs(axis.place(Axis.tail(99)) - 100) < 1e-6)
        chart.draw(horizontal: axis, caption: "")
        #expect(chart.html.contains("99.9"))
    }

    @Test("A line has gaps for missing values, and an isolated value is a dot")
    func brokenLine() {
        var chart = Chart(title: "t")
        chart.draw(line: [(0, 1), (1, 2), (2, nil), (3, 4)], color: 3)
        #expect(chart.html.contains("<polyline class=\"line c3\" points=\"0.0,1.0 1.0,2.0\"/>"))
        #expect(chart.html.contains("<circle class=\"fill c3\" cx=\"3.0\" cy=\"4.0\""))
    }

    @Test("Titles, texts and tips are escaped")
    func escaping() {
        var chart = Chart(title: "<a>", legend: [.init(name: "<b>", color: 0)])
        chart.draw(text: "<c>", x: 0, y: 0, anchor: "start")
        chart.draw(tip: "<d>\"", from: (0, 0), to: (1, 1))
        let page = PageFrame(title: "<e>", heading: "<f>", subtitle: "<g>", body: chart.html).html
        for letter in "abcdefg" where letter != "a" { #expect(page.contains("&lt;\(letter)&gt;"), "\(letter)") }
        #expect(page.contains("aria-label=\"&lt;a&gt;\"") && page.contains("data-tip=\"&lt;d&gt;&quot;\""))
    }

    @Test("A page allows only its own style and script, by their hashes, and contacts no host")
    func contentSecurityPolicy() {
        let page = PageFrame(title: "t", heading: "h", subtitle: "s", body: "").html
        #expect(page.contains("default-src 'none'") && !page.contains("unsafe-inline"))
        #expect(page.split(separator: "'sha256-").count == 3)
        for reference in ["http://", "https://", "src=", "href=", "url(", "@import"] {
            #expect(!page.contains(reference), "\(reference)")
        }
    }
}
