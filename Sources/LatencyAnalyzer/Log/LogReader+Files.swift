import Bytes
import ScoringLog

/// Handles files of a log that do not continue the one before.
extension LogReader {
    // A node cuts lines after 16 KiB, and puts the time and the stream before them.
    private static let tailByteCount = 17_000
    private static let longestRequestSeconds = 5

    /// Notes that files are missing: no request continues from before them.
    mutating func skipFiles(_ sentence: String, onCall: (Int, LoggedRequest) -> Void) {
        fileGaps.append(sentence)
        part(onCall)
    }

    /// Keeps the end of a file's text.
    mutating func keepTail(_ piece: UnsafeRawBufferPointer) {
        if piece.count >= Self.tailByteCount {
            tail = Array(piece.suffix(Self.tailByteCount))
        } else {
            tail.removeFirst(max(tail.count + piece.count - Self.tailByteCount, 0))
            tail.append(contentsOf: piece)
        }
    }

    /// Separates the files if the next one's first stamp is later than a request takes: files without numbers may lack
    /// one in between.
    mutating func partIfLater(_ sample: UnsafeRawBufferPointer, _ onCall: (Int, LoggedRequest) -> Void) {
        let before = tailBefore.withUnsafeBytes { bytes in
            let text = bytes.trimmed { $0 <= .space }
            var start = text.count
            while start > 0, text[start - 1] != .lineFeed { start -= 1 }
            return Self.seconds(text.dropping(start))
        }
        guard let before, let after = Self.seconds(sample), after - before > Self.longestRequestSeconds else { return }
        part(onCall)
    }

    private mutating func part(_ onCall: (Int, LoggedRequest) -> Void) {
        for index in sources.indices {
            let pod = sources[index].pod
            sources[index].parser.finish { onCall(pod, $0) }
            sources[index].earlier = sources[index].counts
            sources[index].parser = ScoringLogParser(only: onlyPath, layout: sources[index].parser.layout)
            sources[index].parts = ([], [])
        }
    }

    /// The time at a line's beginning, in its own zone.
    private static func seconds(_ line: UnsafeRawBufferPointer) -> Int? {
        guard let end = line.position(of: .space), LinePrefix.isTimestamp(line.part(0..<end)) else { return nil }
        var scanner = ByteScanner(line)
        var numbers: [Int] = []
        for digits in [4, 2, 2, 2, 2, 2] {
            guard let number = scanner.decimal(digits: digits) else { return nil }
            numbers.append(number)
            _ = scanner.take(1)
        }
        return UTCTimestamp.secondsSince1970(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
            second: numbers[5])
    }
}

extension LogReader.Source {
    var counts: ScoringLogCounts {
        var sum = earlier
        sum.add(parser.counts)
        return sum
    }
}
