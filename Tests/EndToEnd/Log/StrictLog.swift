import Foundation
import Testing

/// A scoring log read strictly: a line that is not where the contract puts it fails the test.
struct StrictLog {
    /// One request.
    struct Block {
        let access: Access
        /// Nil for a rejected request, which has an access line only.
        let requestID: String?
        let milliseconds: Double?
    }

    /// The parts of an access line that differ from request to request.
    struct Access: Equatable {
        let time: Date
        let request: String
        let status: Int
        let bytes: Int
    }

    private(set) var blocks: [Block] = []

    /// The requests that have all three lines.
    var scored: [Block] { blocks.filter { $0.requestID != nil } }

    /// - Parameter mark: how the third line begins.
    init(_ text: String, mark: String = "Prediction took") throws {
        try #require(text.isEmpty || text.hasSuffix("\n"), "the last line is cut: \(text.suffix(200))")
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)[...]
        while let line = lines.popFirst() {
            let access = try Self.access(line)
            guard access.status == 200 else {
                blocks.append(Block(access: access, requestID: nil, milliseconds: nil))
                continue
            }
            try #require(lines.count >= 2, "a block is cut: \(line)")
            let (id, scoring) = (lines.removeFirst(), lines.removeFirst())
            try #require(id.wholeMatch(of: /X-Ms-Request-Id: [A-Za-z0-9_-]{1,64}/) != nil, "\(line)\n\(id)")
            let form = /(Predictions? took) ([0-9]+\.[0-9]{4,}) ms/
            let parts = try #require(scoring.wholeMatch(of: form), "\(line)\n\(id)\n\(scoring)").output
            #expect(parts.1 == mark)
            blocks.append(
                Block(
                    access: access, requestID: String(id.dropFirst("X-Ms-Request-Id: ".count)),
                    milliseconds: Double(parts.2)))
        }
    }

    private static func access(_ line: String) throws -> Access {
        let form = /127\.0\.0\.1 - - \[([^\]]{26})\] "([A-Z]+ \/[a-z0-9\/]+ HTTP\/1\.[01])" ([0-9]{3}) ([0-9]+) "-" "-"/
        let parts = try #require(line.wholeMatch(of: form), "not an access line: \(line)").output
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "dd/MMM/yyyy:HH:mm:ss '+0000'"
        return Access(
            time: try #require(formatter.date(from: String(parts.1)), "\(line)"), request: String(parts.2),
            status: try #require(Int(parts.3)), bytes: try #require(Int(parts.4)))
    }
}

/// The log as the original service's analyzer reads it: any line that contains a mark counts, wherever it is.
struct OriginalAnalyzer {
    private(set) var calls = 0
    private(set) var latencies: [Double] = []
    /// The latencies that belong to a request, with its request id.
    private(set) var captured: [(requestID: String, milliseconds: Double)] = []

    init(_ text: String, mark: String = "Prediction took") throws {
        var isInCall = false
        var requestID = ""
        for line in text.split(separator: "\n") {
            if line.contains("127.0.0.1") {
                calls += 1
                isInCall = true
                try #require(line.split(separator: " ", omittingEmptySubsequences: false).count > 3, "\(line)")
            }
            if line.contains("X-Ms-Request-Id") {
                requestID = try #require(line.split(separator: ":").dropFirst().first).trimmingCharacters(
                    in: .whitespaces)
            }
            if line.contains(mark) {
                let tokens = line.split(separator: " ", omittingEmptySubsequences: false)
                let milliseconds = try #require(tokens.count > 2 ? Double(tokens[2]) : nil, "\(line)")
                latencies.append(milliseconds)
                if isInCall { captured.append((requestID, milliseconds)) }
                isInCall = false
            }
        }
    }
}
