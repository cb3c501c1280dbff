import Bytes
import ScoringLog

/// Gives each line, without what it was wrapped in, to its pod's parser.
extension LogReader {
    mutating func takeObject(_ object: ObjectReader.Object, _ onCall: (Int, LoggedRequest) -> Void) {
        var text = object.message
        // Docker's own files keep the line feed, and have lines in parts, as after 16 KiB; stern and Azure leave it out.
        let endsLine = text.last == .lineFeed
        if endsLine { text = text.part(0..<text.count - 1) }
        guard let format else { return }
        let isPart = !endsLine && object.source.isEmpty && (format.objectsEndLines || text.count >= 16_384)
        let line = LinePrefix.Line(
            text: text, source: object.source, isPart: isPart,
            isStandardError: object.isStandardError)
        if object.isOverlong {
            skipOverlongLine(text, source: object.source, onCall)
        } else {
            takeText(line, format.stamp, isLast: false, onCall)
        }
    }

    mutating func skipOverlongLine(
        _ text: UnsafeRawBufferPointer, source key: UnsafeRawBufferPointer, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        let index = source(key)
        guard index >= 0 else {
            unreadSourceLines += 1
            return
        }
        let pod = sources[index].pod
        sources[index].parser.skipOverlongLine(text) { onCall(pod, $0) }
    }

    private var isStern: Bool {
        guard case .prefixed(.stern)? = format?.container else { return false }
        return true
    }

    @inline(__always)
    mutating func takeText(
        _ line: LinePrefix.Line, _ stamp: LineStamp, isLast: Bool, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        let stamped = stamp.isEmpty ? nil : stamp.strip(line.text)
        let text = stamped?.text ?? line.text
        var key = line.source
        if let stamped, !stamped.process.isEmpty {
            key = stamped.process
        } else if stamp.hasTimestamps, stamped?.isStamped == false, key.isEmpty {
            key = Self.unprefixedSource
        }
        if key.first == 1 {
            if isStern, LinePrefix.isSternsOwn(text) { return }
            breakBlocks(text)
        }
        let index = source(key)
        guard index >= 0 else {
            unreadSourceLines += 1
            return
        }
        let pod = sources[index].pod
        if line.isPart || !sources[index].parts.0.isEmpty || !sources[index].parts.1.isEmpty {
            takePart(text, line, at: index, onCall)
        } else if isLast {
            sources[index].parser.readLastLine(text) { onCall(pod, $0) }
        } else {
            sources[index].parser.readLine(text) { onCall(pod, $0) }
        }
    }

    /// Joins the parts of a line of one stream.
    private mutating func takePart(
        _ text: UnsafeRawBufferPointer, _ line: LinePrefix.Line, at index: Int, _ onCall: (Int, LoggedRequest) -> Void
    ) {
        var parts: [UInt8] = []
        if line.isStandardError { swap(&parts, &sources[index].parts.1) } else { swap(&parts, &sources[index].parts.0) }
        // One byte more than a line may have is enough to show that it is too long.
        parts.append(contentsOf: text.prefix(max(Self.maximumLineByteCount + 1 - parts.count, 0)))
        if !line.isPart {
            let pod = sources[index].pod
            parts.withUnsafeBytes { bytes in
                if bytes.count > Self.maximumLineByteCount {
                    sources[index].parser.skipOverlongLine(bytes) { onCall(pod, $0) }
                } else {
                    sources[index].parser.readLine(bytes) { onCall(pod, $0) }
                }
            }
            parts.removeAll(keepingCapacity: true)
        }
        if line.isStandardError { swap(&parts, &sources[index].parts.1) } else { swap(&parts, &sources[index].parts.0) }
    }
}
