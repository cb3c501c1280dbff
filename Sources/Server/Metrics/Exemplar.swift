import HTTP1

/// The last traced request in a histogram's bucket: it leads from a slow bucket to the trace of a request.
struct Exemplar: Equatable, Sendable {
    /// A trace, and when its request was counted.
    struct Trace: Equatable, Sendable {
        let id: TraceID
        let millisecondsSince1970: Int

        init(_ id: TraceID, at clock: WallClock) {
            self.id = id
            millisecondsSince1970 = clock.secondsSince1970 * 1000 + clock.millisecond
        }
    }

    let trace: Trace
    /// The observed value, in the histogram's unit.
    let value: Double

    /// The later one of two; either may be missing.
    static func later(_ left: Self?, _ right: Self?) -> Self? {
        guard let left, let right else { return left ?? right }
        return left.trace.millisecondsSince1970 > right.trace.millisecondsSince1970 ? left : right
    }

    /// OpenMetrics' ` # {labels} value timestamp`.
    var text: String {
        let (seconds, milliseconds) = trace.millisecondsSince1970.quotientAndRemainder(dividingBy: 1000)
        return " # {trace_id=\"\(trace.id.text)\"} \(value) \(seconds).\(String(1000 + milliseconds).dropFirst())"
    }
}
