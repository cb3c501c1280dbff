/// The frame of a chart in SVG: axes, grid, captions, and what is drawn into it.
struct Chart {
    /// One entry of the legend; the number is that of the stylesheet's colour.
    struct LegendEntry {
        let name: String
        let color: Int
    }

    static let width = 960.0
    let height: Double
    let left: Double
    let title: String
    let legend: [LegendEntry]
    private(set) var marks = ""

    init(title: String, height: Double = 280, left: Double = 56, legend: [LegendEntry] = []) {
        self.title = title
        self.height = height
        self.left = left
        self.legend = legend
    }

    var right: Double { Self.width - 12 }
    var top: Double { 12 }
    var bottom: Double { height - 34 }

    /// Draws the lines and labels of a horizontal axis.
    mutating func draw(horizontal axis: Axis, caption: String) {
        for tick in axis.ticks {
            let x = Markup.at(axis.place(tick.value))
            marks += "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
            marks += "<text x=\"\(x)\" y=\"\(bottom + 15)\" text-anchor=\"middle\">\(tick.label)</text>"
        }
        marks += "<text class=\"caption\" x=\"\(right)\" y=\"\(height - 4)\" text-anchor=\"end\">\(caption)</text>"
    }

    /// Draws the lines and labels of a vertical axis.
    mutating func draw(vertical axis: Axis) {
        for tick in axis.ticks {
            let y = axis.place(tick.value)
            marks +=
                "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(Markup.at(y))\" y2=\"\(Markup.at(y))\"/>"
            marks += "<text x=\"\(left - 6)\" y=\"\(Markup.at(y + 4))\" text-anchor=\"end\">\(tick.label)</text>"
        }
    }

    /// Draws a line, broken where there is no value, with a dot where a value stands alone.
    mutating func draw(line points: [(x: Double, y: Double?)], color: Int) {
        for run in points.split(whereSeparator: { $0.y == nil }) {
            let places = run.map { "\(Markup.at($0.x)),\(Markup.at($0.y ?? 0))" }
            if let only = run.first, run.count == 1 {
                let center = "cx=\"\(Markup.at(only.x))\" cy=\"\(Markup.at(only.y ?? 0))\""
                marks += "<circle class=\"fill c\(color)\" \(center) r=\"2.5\"/>"
            } else {
                marks += "<polyline class=\"line c\(color)\" points=\"\(places.joined(separator: " "))\"/>"
            }
        }
    }

    /// Draws a filled rectangle between two corners.
    mutating func draw(bar from: (x: Double, y: Double), to: (x: Double, y: Double), color: Int) {
        marks += "<rect class=\"fill c\(color)\" \(Self.box(from, to))/>"
    }

    /// Draws a short upright mark with a label above it.
    mutating func draw(mark x: Double, label: String) {
        marks +=
            "<line class=\"mark\" x1=\"\(Markup.at(x))\" x2=\"\(Markup.at(x))\" y1=\"\(top + 12)\" y2=\"\(bottom)\"/>"
        marks += "<text class=\"marked\" x=\"\(Markup.at(x))\" y=\"\(top + 8)\" text-anchor=\"middle\">\(label)</text>"
    }

    /// Writes a text.
    mutating func draw(text: String, x: Double, y: Double, anchor: String) {
        marks +=
            "<text x=\"\(Markup.at(x))\" y=\"\(Markup.at(y))\" text-anchor=\"\(anchor)\">\(Markup.escaped(text))</text>"
    }

    /// Makes a part of the chart tell more when it is pointed at.
    mutating func draw(tip: String, from: (x: Double, y: Double), to: (x: Double, y: Double)) {
        marks += "<rect class=\"hit\" \(Self.box(from, to)) data-tip=\"\(Markup.escaped(tip))\"/>"
    }

    /// The figure as HTML.
    var html: String {
        let entries = legend.map { "<span><i class=\"c\($0.color)\"></i>\(Markup.escaped($0.name))</span>" }.joined()
        let title = Markup.escaped(title)
        return """
            <figure><figcaption>\(title)<span class="legend">\(entries)</span></figcaption>
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" aria-label="\(title)">\(marks)</svg>
            </figure>
            """
    }

    private static func box(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double)) -> String {
        let (x, y) = (min(from.x, to.x), min(from.y, to.y))
        let (width, height) = (abs(from.x - to.x), abs(from.y - to.y))
        return
            "x=\"\(Markup.at(x))\" y=\"\(Markup.at(y))\" width=\"\(Markup.at(width))\" height=\"\(Markup.at(height))\""
    }
}
