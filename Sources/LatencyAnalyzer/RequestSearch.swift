import Bytes
import ScoringLog

/// Finds the calls of a request id by reading the logs again, so that no ids are kept in memory.
public struct RequestSearch: Sendable {
    private let files: [LogFile]

    /// Names the logs; standard input cannot be read twice.
    public init(_ files: [LogFile]) { self.files = files }

    /// The calls with exactly this id, file by file, in the original scripts' format; empty if there are none.
    ///
    /// - Throws: `OperatorError` if a log cannot be read.
    public func lines(for requestID: String) throws -> [String] {
        try files.flatMap { file -> [String] in
            var found: [String] = []
            _ = try file.read { _, call in
                guard let milliseconds = call.scoringMilliseconds, call.requestID == requestID else { return }
                found.append("LATENCY:  \(milliseconds)  TIME:  \(UTCTime.text(call.secondsSince1970))")
            }
            return found.isEmpty ? [] : ["Found in file:  \(file.name)"] + found
        }
    }
}
