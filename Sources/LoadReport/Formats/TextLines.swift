import Bytes
import Files

/// Reads the lines of a text file one at a time, in memory that does not grow with the file.
enum TextLines {
    /// What could not be read.
    static let maximumByteCount = 1 << 16

    /// Reads a file from its beginning to its end.
    ///
    /// - Parameter body: called with each line's number, from 1 on, and its bytes without the line end, which must not
    ///   be kept; returns false if it is invalid.
    /// - Returns: the lines that were left out: invalid ones, and those over 64 KiB.
    /// - Throws: `OperatorError` if the file cannot be read, and what `body` throws.
    static func read(
        _ file: TextFile, _ body: (Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> RecordReader.Losses {
        var losses = RecordReader.Losses()
        var line: [UInt8] = []
        var (number, isOverlong) = (0, false)
        func end() throws {
            number += 1
            let isValid = try !isOverlong && line.withUnsafeBytes { try body(number, $0) }
            if !isValid { losses.add(record: number) }
            line.removeAll(keepingCapacity: true)
            isOverlong = false
        }
        try file.forEachPiece { piece in
            var rest = piece
            while let place = rest.position(of: .lineFeed) {
                isOverlong = isOverlong || line.count + place > maximumByteCount
                if !isOverlong { line.append(contentsOf: rest.part(0..<place)) }
                try end()
                rest = rest.dropping(place + 1)
            }
            isOverlong = isOverlong || line.count + rest.count > maximumByteCount
            if !isOverlong { line.append(contentsOf: rest) }
        }
        if !line.isEmpty || isOverlong { try end() }
        return losses
    }
}
