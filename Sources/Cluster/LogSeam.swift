/// Removes kubectl's timestamps from the lines of one container's log, and joins its streams, so that a line that a
/// second stream repeats is not taken twice.
///
/// A second stream begins at the last line's second, since kubectl asks for whole seconds (`--since-time`). Lines up to
/// the last known one are skipped. Runtimes may give several lines the same time, so these are counted.
struct LogSeam: Sendable {
    /// A second stream does not hold the last line of the first: lines in between may be missing.
    struct Lost: Error {}

    /// The time of the last line, as kubectl printed it; nil before the first.
    private(set) var lastTime: [UInt8]?
    private var linesAtLastTime = 0
    private var linesToSkip = 0
    private var isSearching = false
    private var open: [UInt8] = []

    /// The last line's time as text.
    var lastTimeText: String? { lastTime.map { String(decoding: $0, as: UTF8.self) } }

    /// Begins another stream of the log.
    ///
    /// - Parameter isContinued: whether to skip lines up to the last known one; otherwise all lines are taken.
    mutating func begin(isContinued: Bool) {
        open.removeAll()
        isSearching = isContinued && lastTime != nil
        linesToSkip = linesAtLastTime
    }

    /// Takes the next bytes of a stream.
    ///
    /// - Parameter onLine: gets each new line without its time, with its line feed.
    /// - Throws: `Lost`, and what `onLine` throws.
    mutating func read(_ bytes: [UInt8], onLine: (ArraySlice<UInt8>) throws -> Void) throws {
        open += bytes
        var rest = open[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try take(rest[...end], onLine)
            rest = rest[(end + 1)...]
        }
        open = Array(rest)
    }

    /// Ends a stream. A last line without a line feed is taken only where the container has ended: else the rest of it
    /// would come in the next stream. Before the last known line is found (`isLost`) it is not taken either.
    mutating func end(isLast: Bool, onLine: (ArraySlice<UInt8>) throws -> Void) throws {
        if isLast, !open.isEmpty, !isSearching { try take(open[...], onLine) }
        open.removeAll()
    }

    /// Whether a stream has ended without the last known line.
    var isLost: Bool { isSearching }

    private mutating func take(_ line: ArraySlice<UInt8>, _ onLine: (ArraySlice<UInt8>) throws -> Void) throws {
        guard let time = Self.time(of: line) else {
            // A message of the node, or a server that sends no times.
            if !isSearching { try onLine(line) }
            return
        }
        if isSearching {
            if let lastTime, Self.isLater(time, lastTime) { throw Lost() }
            if time.elementsEqual(lastTime ?? []) { linesToSkip -= 1 }
            isSearching = linesToSkip > 0
            return
        }
        if let lastTime, time.elementsEqual(lastTime) {
            linesAtLastTime += 1
        } else {
            (lastTime, linesAtLastTime) = (Array(time), 1)
        }
        try onLine(line[(time.endIndex + 1)...])
    }

    /// `2026-11-21T07:25:59.123456789Z` before the first blank, or nil.
    private static func time(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let blank = line.prefix(37).firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let time = line[..<blank]
        guard time.count >= 20, time[time.startIndex + 10] == UInt8(ascii: "T"),
            time[time.startIndex + 4] == UInt8(ascii: "-"), time[time.startIndex + 13] == UInt8(ascii: ":")
        else { return nil }
        return time
    }

    /// Whether it is of a later second: within one, lines of stdout and stderr may be out of order by their times.
    private static func isLater(_ time: ArraySlice<UInt8>, _ other: [UInt8]) -> Bool {
        other.prefix(secondsCount).lexicographicallyPrecedes(time.prefix(secondsCount))
    }

    // 2026-11-21T07:25:59
    private static let secondsCount = 19
}
