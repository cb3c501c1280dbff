/// A chart in SVG: axes, grid, captions, and the marks drawn into it.
public struct Chart: Sendable {
    /// One entry of the legend.
    public struct LegendEntry: Sendable {
        let name: String
        let color: Int

        /// - Parameter color: the number of the stylesheet's colour, from 0 on.
        public init(name: String, color: Int) {
            self.name = name
            self.color = color
        }
    }

    static let width = 960.0
    // Half the width of a label with a time of day.
    private static let edge = 30.0
    /// The drawing's height in its own units; its width is 960.
    public let height: Double
    /// Where the plot begins.
    public let left: Double
    let title: String
    let legend: [LegendEntry]
    private(set) var marks = ""

    /// - Parameters:
    ///   - height: of the drawing, in its own units.
    ///   - left: room for the labels of the vertical axis.
    public init(title: String, height: Double = 280, left: Double = 56, legend: [LegendEntry] = []) {
        self.title = title
        self.height = height
        self.left = left
        self.legend = legend
    }

    /// Where the plot ends.
    public var right: Double { Self.width - 12 }
    /// The plot's upper edge.
    public var top: Double { 12 }
    /// The plot's lower edge.
    public var bottom: Double { height - 34 }

    /// Draws the lines and labels of a horizontal axis.
    public mutating func draw(horizontal axis: Axis, caption: String) {
        for tick in axis.ticks {
            let place = axis.place(tick.value)
            let x = Markup.at(place)
            // A centred label at an edge would be cut off.
            let anchor = place > Self.width - Self.edge ? "end" : place < Self.edge ? "start" : "middle"
            marks += "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
            marks += "<text x=\"\(x)\" y=\"\(bottom + 15)\" text-anchor=\"\(anchor)\">\(tick.label)</text>"
        }
        marks += "<text class=\"caption\" x=\"\(right)\" y=\"\(height - 4)\" text-anchor=\"end\">\(caption)</text>"
    }

    /// Draws the lines and labels of a vertical axis.
    public mutating func draw(vertical axis: Axis) {
        for tick in axis.ticks {
            let y = axis.place(tick.value)
            marks +=
                "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(Markup.at(y))\" y2=\"\(Markup.at(y))\"/>"
            marks += "<text x=\"\(left - 6)\" y=\"\(Markup.at(y + 4))\" text-anchor=\"end\">\(tick.label)</text>"
        }
    }

    /// Draws a line that is broken where there is no value; a value without neighbours is a dot.
    ///
    /// - Parameter isWide: wide and pale, so that another line shows on top of it.
    public mutating func draw(line points: [(x: Double, y: Double?)], color: Int, isWide: Bool = false) {
        for run in points.split(whereSeparator: { $0.y == nil }) {
            let places = run.map { "\(Markup.at($0.x)),\(Markup.at($0.y ?? 0))" }
            if let only = run.first, run.count == 1 {
                let center = "cx=\"\(Markup.at(only.x))\" cy=\"\(Markup.at(only.y ?? 0))\""
                marks += "<circle class=\"fill c\(color)\" \(center) r=\"2.5\"/>"
            } else {
                let kind = isWide ? "line wide" : "line"
                marks += "<polyline class=\"\(kind) c\(color)\" points=\"\(places.joined(separator: " "))\"/>"
            }
        }
    }

    /// Draws a filled rectangle between two corners.
    public mutating func draw(bar from: (x: Double, y: Double), to: (x: Double, y: Double), color: Int) {
        marks += "<rect class=\"fill c\(color)\" \(Self.box(from, to))/>"
    }

    /// Writes in the middle why there is nothing to draw.
    public mutating func drawNothing(_ reason: String) {
        draw(text: reason, x: (left + right) / 2, y: (top + bottom) / 2, anchor: "middle")
    }

    /// Draws a short upright mark with a label above it.
    public mutating func draw(mark x: Double, label: String, anchor: String = "middle") {
        marks +=
            "<line class=\"mark\" x1=\"\(Markup.at(x))\" x2=\"\(Markup.at(x))\" y1=\"\(top + 12)\" y2=\"\(bottom)\"/>"
        marks += "<text class=\"marked\" x=\"\(Markup.at(x))\" y=\"\(top + 8)\" text-anchor=\"\(anchor)\">"
        marks += "\(label)</text>"
    }

    /// Writes a text.
    public mutating func draw(text: String, x: Double, y: Double, anchor: String) {
        marks +=
            "<text x=\"\(Markup.at(x))\" y=\"\(Markup.at(y))\" text-anchor=\"\(anchor)\">\(Markup.escaped(text))</text>"
    }

    /// Shows a text when the pointer is over a part of the chart.
    public mutating func draw(tip: String, from: (x: Double, y: Double), to: (x: Double, y: Double)) {
        marks += "<rect class=\"hit\" \(Self.box(from, to)) data-tip=\"\(Markup.escaped(tip))\"/>"
    }

    /// The figure as HTML.
    public var html: String {
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
