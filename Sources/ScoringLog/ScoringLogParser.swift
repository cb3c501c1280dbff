import Bytes
/// Reads a log's bytes, in any chunks, into calls; what is broken is counted, never guessed and never an error.
///
/// A call begins at its access line and takes the first request id line and the first scoring line before the next
/// one, so the calls come in the log's order. Carriage returns before line feeds are dropped. Memory is bounded by
/// one line.
public struct ScoringLogParser: Sendable {
    /// What was read so far.
    public private(set) var counts = ScoringLogCounts()

    private let maximumLineByteCount: Int
    private let onlyPath: ScoringLogBlock.Path?
    private var ownLines = OwnLineReader()
    private var openCall: ScoringLogCall?
    // The beginning of a line whose end has not come yet.
    private var partialLine: [UInt8] = []
    private var isOverlong = false

    /// Starts at the beginning of a log.
    ///
    /// - Parameters:
    ///   - maximumLineByteCount: longer lines are counted and not read.
    ///   - path: scoring lines of the other path give no call its time; nil for lines of both.
    public init(maximumLineByteCount: Int = 65_536, onlyPath path: ScoringLogBlock.Path? = nil) {
        self.maximumLineByteCount = max(maximumLineByteCount, 1)
        onlyPath = path
    }

    /// Reads the next bytes.
    ///
    /// - Parameters:
    ///   - bytes: any part of the log, of any length.
    ///   - onCall: is given each call once the next call begins.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, onCall: (ScoringLogCall) -> Void) {
        var rest = bytes[...]
        while let lineFeed = rest.position(of: UInt8(ascii: "\n")) {
            let end = rest[..<lineFeed]
            if partialLine.isEmpty, !isOverlong, end.count <= maximumLineByteCount {
                readLine(end, onCall: onCall)
            } else {
                keep(end)
                endPartialLine(onCall: onCall)
            }
            rest = rest[(lineFeed + 1)...]
        }
        keep(rest)
    }

    /// Ends the log.
    ///
    /// - Parameter onCall: is given the last call.
    public mutating func finish(onCall: (ScoringLogCall) -> Void) {
        if isOverlong {
            endPartialLine(onCall: onCall)
        } else if !partialLine.isEmpty {
            // Only a scoring line shows by its unit that nothing is missing.
            let line = partialLine
            partialLine.removeAll()
            line.withUnsafeBytes { bytes in
                if case .scoring = ScoringLogLine(Self.withoutCarriageReturn(bytes[...])) {
                    readLine(bytes[...], onCall: onCall)
                } else {
                    counts.lines += 1
                    counts.cutLines += 1
                }
            }
        }
        endCall(onCall: onCall)
    }

    private mutating func keep(_ part: LineBytes) {
        guard !isOverlong, !part.isEmpty else { return }
        let room = maximumLineByteCount - partialLine.count
        isOverlong = part.count > room
        partialLine.append(contentsOf: part.prefix(room))
    }

    private mutating func endPartialLine(onCall: (ScoringLogCall) -> Void) {
        var line: [UInt8] = []
        swap(&line, &partialLine)
        line.withUnsafeBytes { bytes in
            if isOverlong {
                counts.lines += 1
                counts.overlongLines += 1
                // It may have been an access line: what follows must not go to the call before it.
                if bytes[...].contains("127.0.0.1") { endCall(onCall: onCall) }
            } else {
                readLine(bytes[...], onCall: onCall)
            }
        }
        isOverlong = false
        line.removeAll(keepingCapacity: true)
        swap(&line, &partialLine)
    }

    private mutating func readLine(_ line: LineBytes, onCall: (ScoringLogCall) -> Void) {
        counts.lines += 1
        let line = Self.withoutCarriageReturn(line)
        switch ownLines.read(UnsafeRawBufferPointer(rebasing: line)) ?? ScoringLogLine(line) {
        case .access(let secondsSince1970, let status, let bodyBytes):
            endCall(onCall: onCall)
            counts.calls += 1
            openCall = ScoringLogCall(secondsSince1970: secondsSince1970, status: status, bodyBytes: bodyBytes)
        case .requestID(let requestID):
            readRequestID(requestID)
        case .scoring(let milliseconds, let path):
            readScoring(milliseconds: milliseconds, path: path)
        case .malformedAccess:
            counts.malformedAccessLines += 1
            endCall(onCall: onCall)
        case .malformedRequestID: counts.malformedRequestIDLines += 1
        case .malformedScoring: counts.malformedScoringLines += 1
        case .foreign: counts.foreignLines += 1
        case .other: counts.otherLines += 1
        }
    }

    private mutating func readRequestID(_ requestID: LoggedRequestID) {
        if openCall != nil, openCall?.loggedRequestID == nil {
            openCall?.loggedRequestID = requestID
        } else {
            counts.strayRequestIDLines += 1
            if counts.calls == 0 { counts.headlessLines += 1 }
        }
    }

    private mutating func readScoring(milliseconds: Double, path: ScoringLogBlock.Path) {
        if let onlyPath, path != onlyPath {
            counts.otherPathLines += 1
            return
        }
        counts.scoringLines += 1
        if openCall != nil, openCall?.scoringMilliseconds == nil {
            openCall?.scoringMilliseconds = milliseconds
            openCall?.path = path
            counts.scoredCalls += 1
        } else {
            counts.strayScoringLines += 1
            if counts.calls == 0 { counts.headlessLines += 1 }
        }
    }

    private mutating func endCall(onCall: (ScoringLogCall) -> Void) {
        guard let call = openCall else { return }
        openCall = nil
        if call.status < 400 {
            if call.loggedRequestID == nil { counts.missingRequestIDs += 1 }
            if call.scoringMilliseconds == nil { counts.missingScoringLines += 1 }
        }
        onCall(call)
    }

    private static func withoutCarriageReturn(_ line: LineBytes) -> LineBytes {
        line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
