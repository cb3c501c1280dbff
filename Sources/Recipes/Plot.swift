/// A line plot as SVG: steps or straight lines over time, with a scale from 0.
struct Plot {
    struct Line {
        var name: String
        var points: [(time: Double, value: Double)]
        var isStepped = false
    }

    /// A mark on the first line, with a text that is shown under the pointer.
    struct Mark {
        var time: Double
        var value: Double
        var text: String
    }

    var title: String
    var unit: String
    var lines: [Line]
    var marks: [Mark] = []
    /// Seconds.
    var duration: Double

    private static let width = 640.0
    private static let height = 220.0
    private static let left = 52.0
    private static let bottom = 28.0
    private static let top = 10.0

    var svg: String {
        let most = Self.ceiling(lines.flatMap { $0.points.map(\.value) }.max() ?? 1)
        var parts = [
            "<figure><figcaption>\(escaped(title))</figcaption>",
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(escaped(title))\">",
        ]
        // A few pods have a line each.
        let steps = most >= 2 && most <= 6 && most == most.rounded() ? Int(most) : 4
        for step in 0...steps {
            let value = most * Double(step) / Double(steps)
            let y = fixed(y(value, most), 1)
            parts.append(
                "<line class=\"grid\" x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width))\" y1=\"\(y)\" y2=\"\(y)\"/>")
            parts.append("<text x=\"\(Int(Self.left) - 6)\" y=\"\(y)\" class=\"value\">\(Self.short(value))</text>")
        }
        for minute in stride(from: 0, through: duration / 60, by: Self.ceiling(duration / 60 / 8)) {
            let place = fixed(x(minute * 60), 1)
            parts.append(
                "<text x=\"\(place)\" y=\"\(Int(Self.height) - 8)\" class=\"time\">\(Self.short(minute))</text>")
        }
        for (index, line) in lines.enumerated() {
            parts.append(
                "<path class=\"line\(index)\" d=\"\(path(line, most))\"><title>\(escaped(line.name))</title></path>")
        }
        for mark in marks {
            parts.append(
                "<circle cx=\"\(fixed(x(mark.time), 1))\" cy=\"\(fixed(y(mark.value, most), 1))\" r=\"5\" tabindex=\"0\" "
                    + "data-text=\"\(escaped(mark.text))\"><title>\(escaped(mark.text))</title></circle>")
        }
        parts.append("</svg><p class=\"legend\">")
        for (index, line) in lines.enumerated() {
            parts.append("<span class=\"key\(index)\">\(escaped(line.name))</span>")
        }
        parts.append("<span>\(escaped(unit)) over minutes</span></p></figure>")
        return parts.joined(separator: "\n")
    }

    private func path(_ line: Line, _ most: Double) -> String {
        var text = ""
        var lastY = ""
        for point in line.points {
            let place = fixed(x(point.time), 1)
            let height = fixed(y(point.value, most), 1)
            if text.isEmpty {
                text = "M\(place) \(height)"
            } else if line.isStepped {
                if height != lastY { text += "H\(place)V\(height)" }
            } else {
                text += "L\(place) \(height)"
            }
            lastY = height
        }
        if line.isStepped, let last = line.points.last { text += "H\(fixed(x(last.time), 1))" }
        return text
    }

    private func x(_ time: Double) -> Double { Self.left + time / duration * (Self.width - Self.left - 8) }

    private func y(_ value: Double, _ most: Double) -> Double {
        let space = Self.height - Self.bottom - Self.top
        return Self.top + space * (1 - value / most)
    }

    /// The next of 1, 2, 2.5, 5 times a power of ten.
    private static func ceiling(_ value: Double) -> Double {
        guard value > 0 else { return 1 }
        var power = 1.0
        while power < value { power *= 10 }
        while power >= value * 10 { power /= 10 }
        for part in [0.1, 0.2, 0.25, 0.5, 1] where power * part >= value * 0.999 { return power * part }
        return power
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : fixed(value, value < 1 ? 2 : 1)
    }
}

/// Text for HTML, in attributes too.
func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}
