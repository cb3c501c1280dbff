/// The names of stretches of a horizontal axis, each with a bar, in as many lanes below the axis as necessary.
public struct AxisNames: Sendable {
    /// No names.
    public static let none = Self([], places: (0, 0))

    private static let maximumLaneCount = 6
    private static let laneHeight = 20.0
    private static let characterWidth = 6.6
    private static let maximumLength = 32

    private struct Entry {
        let name: String
        let from, to: Double
        let lane: Int
        let isAtEnd: Bool
    }

    private var entries: [Entry] = []
    // The number of names without a lane.
    private var rest = 0
    private let right: Double

    /// Finds a lane for each name, in order.
    ///
    /// - Parameters:
    ///   - stretches: names, and where their bars begin and end, in the drawing's units.
    ///   - places: where the axis begins and ends.
    public init(_ stretches: [(name: String, from: Double, to: Double)], places: (Double, Double)) {
        right = places.1
        var ends: [Double] = []
        for stretch in stretches {
            let name =
                stretch.name.count > Self.maximumLength
                ? stretch.name.prefix(Self.maximumLength - 1) + "…" : stretch.name
            let width = Double(name.count) * Self.characterWidth + 10
            let isAtEnd = stretch.from + width > places.1
            let begin = isAtEnd ? min(stretch.from, places.1 - width) : stretch.from
            let end = max(stretch.to, isAtEnd ? places.1 : stretch.from + width)
            guard
                let lane = ends.firstIndex(where: { $0 <= begin })
                    ?? (ends.count < Self.maximumLaneCount ? ends.count : nil)
            else {
                rest += 1
                continue
            }
            if lane == ends.count { ends.append(end) } else { ends[lane] = end }
            entries.append(
                Entry(
                    name: String(name), from: stretch.from, to: max(stretch.to, stretch.from + 3), lane: lane,
                    isAtEnd: isAtEnd))
        }
    }

    private var laneCount: Int { entries.map { $0.lane + 1 }.max() ?? 0 }

    /// The room that they need.
    var height: Double { Double(laneCount + (rest > 0 ? 1 : 0)) * Self.laneHeight }

    /// The names and bars as SVG.
    func markup(below top: Double) -> String {
        var marks = ""
        for entry in entries {
            let y = top + Double(entry.lane) * Self.laneHeight
            let bar =
                "x=\"\(Markup.at(entry.from))\" y=\"\(Markup.at(y))\" width=\"\(Markup.at(entry.to - entry.from))\""
            let x = entry.isAtEnd ? right : entry.from
            marks += "<rect class=\"stretch\" \(bar) height=\"3\"/>"
            marks += "<text class=\"named\" x=\"\(Markup.at(x))\" y=\"\(Markup.at(y + 14))\" "
            marks += "text-anchor=\"\(entry.isAtEnd ? "end" : "start")\">\(Markup.escaped(entry.name))</text>"
        }
        guard rest > 0 else { return marks }
        let y = top + Double(laneCount) * Self.laneHeight + 14
        return marks
            + "<text x=\"\(Markup.at(right))\" y=\"\(Markup.at(y))\" text-anchor=\"end\">and \(rest) more runs</text>"
    }
}
