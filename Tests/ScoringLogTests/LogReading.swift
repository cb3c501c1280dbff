import Bytes
import TestSupport
import Testing

@testable import ScoringLog

/// A whole log, read in one go or in chunks of given lengths.
struct LogReading: Equatable {
    var requests: [LoggedRequest] = []
    var counts = ScoringLogCounts()

    init(_ text: some StringProtocol, maximumLineByteCount: Int = 65_536) {
        self.init(Array(text.utf8), maximumLineByteCount: maximumLineByteCount)
    }

    init(_ bytes: [UInt8], maximumLineByteCount: Int = 65_536, chunkLength: () -> Int = { .max }) {
        var requests: [LoggedRequest] = []
        var parser = ScoringLogParser(maximumLineByteCount: maximumLineByteCount)
        var position = 0
        while position < bytes.count {
            let end = position + min(chunkLength(), bytes.count - position)
            bytes[position..<end].withUnsafeBytes { chunk in
                parser.read(chunk) { requests.append($0) }
            }
            position = end
        }
        parser.finish { requests.append($0) }
        self.requests = requests
        counts = parser.counts
    }
}

/// Blocks as the tests make them.
extension ScoringLogBlock {
    static let contractTime = CommonLogTime(secondsSince1970: 1_795_245_960)

    static func scored(
        id: String, time: CommonLogTime = contractTime, nanoseconds: UInt64 = 31_249, modelKind: ModelKind = .ml
    ) throws -> Self {
        let requestID = try #require(RequestID(id))
        return ScoringLogBlock(
            time: time, method: "POST", route: "/predict", httpMinorVersion: 1, status: 200, bodyBytes: 412,
            scored: Scored(requestID: requestID, scoringNanoseconds: nanoseconds, modelKind: modelKind))
    }

    static func rejected(status: Int, time: CommonLogTime = contractTime) -> Self {
        ScoringLogBlock(
            time: time, method: "POST", route: "/predict", httpMinorVersion: 1, status: status, bodyBytes: 120)
    }

    var text: String {
        var batch = ScoringLogBatch()
        batch.append(self)
        return String(decoding: batch.bytes, as: UTF8.self)
    }
}
