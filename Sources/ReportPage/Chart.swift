/// A chart in SVG: axes, grid, captions, and the marks drawn into it.
public struct Chart: Sendable {
    /// One entry of the legend.
    public struct LegendEntry: Sendable {
        let name: String
        let color: Int
        let isWide: Bool

        /// - Parameters:
        ///   - color: the number of the stylesheet's colour, from 0 on.
        ///   - isWide: of a line that is drawn wide and pale.
        public init(name: String, color: Int, isWide: Bool = false) {
            self.name = name
            self.color = color
            self.isWide = isWide
        }
    }

    /// The width of a drawing on a page.
    public static let pageWidth = 960.0
    /// The width of a drawing on a phone.
    public static let phoneWidth = 380.0
    // Half the width of a label with a time of day.
    private static let edge = 30.0
    /// The drawing's width in its own units.
    public let width: Double
    /// The drawing's height in its own units.
    public let height: Double
    /// Where the plot begins.
    public let left: Double
    let title: String
    let legend: [LegendEntry]
    private(set) var marks = ""
    // Stretches of the horizontal axis with names below it.
    private let names: AxisNames

    /// - Parameters:
    ///   - width: of the drawing, in its own units.
    ///   - height: of the drawing without names below its axis.
    ///   - left: room for the labels of the vertical axis.
    ///   - names: what is written below the horizontal axis.
    public init(
        title: String, width: Double = pageWidth, height: Double = 280, left: Double = 56, names: AxisNames = .none,
        legend: [LegendEntry] = []
    ) {
        self.title = title
        self.width = width
        self.names = names
        self.height = height + names.height
        self.left = left
        self.legend = legend
    }

    /// Where the plot ends.
    public var right: Double { width - 12 }
    /// The plot's upper edge.
    public var top: Double { 12 }
    /// The plot's lower edge.
    public var bottom: Double { height - 34 - names.height }

    /// Draws the lines and labels of a horizontal axis.
    public mutating func draw(horizontal axis: Axis, caption: String) {
        for tick in axis.ticks {
            let place = axis.place(tick.value)
            let x = Markup.at(place)
            // A centred label at an edge would be cut off.
            let anchor = place > width - Self.edge ? "end" : place < Self.edge ? "start" : "middle"
            marks += "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
            marks += "<text x=\"\(x)\" y=\"\(bottom + 15)\" text-anchor=\"\(anchor)\">\(tick.label)</text>"
        }
        marks += names.markup(below: bottom + 22)
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

    /// Draws a line with gaps for missing values; a value without neighbours is a dot.
    ///
    /// - Parameter isWide: whether the line is wide and pale, so that another line shows on top of it.
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

    /// Writes the reason for an empty chart in the middle.
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

    /// Shows a text while the pointer is over a part of the chart.
    public mutating func draw(tip: String, from: (x: Double, y: Double), to: (x: Double, y: Double)) {
        marks += "<rect class=\"hit\" \(Self.box(from, to)) data-tip=\"\(Markup.escaped(tip))\"/>"
    }

    /// Draws a point with a text for the pointer, the keyboard and screen readers.
    public mutating func draw(point: (x: Double, y: Double), tip: String, color: Int, isLarge: Bool = false) {
        let center = "cx=\"\(Markup.at(point.x))\" cy=\"\(Markup.at(point.y))\""
        let text = Markup.escaped(tip)
        marks += "<circle class=\"point c\(color)\" \(center) r=\"\(isLarge ? 8 : 5)\" tabindex=\"0\" role=\"img\""
        marks += " aria-label=\"\(text)\" data-tip=\"\(text)\"/>"
    }

    /// The figure as HTML.
    public var html: String { "<figure>\(caption)\n\(svg(class: nil))\n</figure>" }

    /// The figure as HTML, drawn twice, for a page and for a phone; only one of them is visible.
    ///
    /// - Parameters:
    ///   - width: on a page.
    ///   - draw: the chart of a width; nil if there is nothing to draw.
    public static func html(width: Double = pageWidth, _ draw: (_ width: Double) -> Self?) -> String? {
        guard let page = draw(width), let phone = draw(phoneWidth) else { return nil }
        return """
            <figure>\(page.caption)
            \(page.svg(class: "page"))
            \(phone.svg(class: "phone"))
            </figure>
            """
    }

    private var caption: String {
        let entries = legend.map { entry in
            let kind = entry.isWide ? " pale" : ""
            return "<span><i class=\"c\(entry.color)\(kind)\"></i>\(Markup.escaped(entry.name))</span>"
        }.joined()
        return "<figcaption>\(Markup.escaped(title))<span class=\"legend\">\(entries)</span></figcaption>"
    }

    private func svg(class name: String?) -> String {
        // An image hides the points in it from screen readers.
        let role = marks.contains("tabindex") ? "group" : "img"
        let kind = name.map { "class=\"\($0)\" " } ?? ""
        return "<svg \(kind)viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"\(role)\" "
            + "aria-label=\"\(Markup.escaped(title))\">\(marks)</svg>"
    }

    /// The chart as a separate file, with title and legend; it follows the reader's choice of light or dark.
    public var picture: String {
        let header = 28.0
        var place = left + 9 * Double(title.count) + 24
        let entries = legend.map { entry in
            let x = Markup.at(place)
            place += 8 * Double(entry.name.count) + 34
            return """
                <rect class="fill c\(entry.color)\(entry.isWide ? " pale" : "")" x="\(x)" y="9" width="10" height="10"/>\
                <text x="\(Markup.at((Double(x) ?? 0) + 15))" y="18">\(Markup.escaped(entry.name))</text>
                """
        }.joined()
        let size = "width=\"\(Int(width))\" height=\"\(Int(height + header))\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) viewBox="0 0 \(Int(width)) \(Int(height + header))">
            <style>\(Self.pictureStyle)</style>
            <rect class="card" \(size)/>
            <text class="title" x="\(Markup.at(left))" y="18">\(Markup.escaped(title))</text>\(entries)
            <g transform="translate(0 \(Int(header)))">\(marks)</g>
            </svg>

            """
    }

    /// The rules of `page.css` that a picture needs; an SVG file shown as an image cannot use the page's rules.
    private static let pictureStyle = """
        :root { color-scheme: light dark; font: 12px system-ui, sans-serif; --card: #fff; --ink: #1b1f24; --soft: #5b6470;
        --grid: #e3e6ea; --c0: #1f6fd1; --c1: #d9580d; --c2: #1d8a4e; }
        @media (prefers-color-scheme: dark) { :root { --card: #1d2128; --ink: #e8eaed; --soft: #9aa4b1; --grid: #30363f;
        --c0: #5b9dff; --c1: #ff9248; --c2: #4bc07f; } }
        text { fill: var(--soft); } .title { fill: var(--ink); font-size: 14px; font-weight: 600; }
        .card { fill: var(--card); } .grid { stroke: var(--grid); } .fill { fill: var(--c); }
        .line { fill: none; stroke: var(--c); stroke-width: 1.8; } .wide { stroke-width: 7; stroke-opacity: 0.35; }
        .pale { opacity: 0.35; } .point { fill: var(--card); stroke: var(--c); stroke-width: 2; }
        .c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); }
        """

    private static func box(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double)) -> String {
        let (x, y) = (min(from.x, to.x), min(from.y, to.y))
        let (width, height) = (abs(from.x - to.x), abs(from.y - to.y))
        return
            "x=\"\(Markup.at(x))\" y=\"\(Markup.at(y))\" width=\"\(Markup.at(width))\" height=\"\(Markup.at(height))\""
    }
}
