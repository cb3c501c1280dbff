import Foundation
import LatencyAnalyzer
import ScoringLog
import TestSupport
import Testing

/// A folder of logs for one test, removed with it.
struct LogFolder {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var url: URL { folder.url }

    func path(_ name: String) -> String { folder.path(name) }

    func write(_ text: String, to name: String) throws -> LogFile { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws -> LogFile { LogFile(path: try folder.write(data, to: name)) }

    /// A block as the service writes it.
    static func block(
        second: Int = 0, id: String?, milliseconds: String?, status: Int = 200, words: String = "Prediction"
    ) -> String {
        let time = String(format: "%02d:%02d:%02d", 7 + second / 3600, second / 60 % 60, second % 60)
        var text = "127.0.0.1 - - [21/Nov/2026:\(time) +0000] \"POST /predict HTTP/1.1\" \(status) 412 \"-\" \"-\"\n"
        if let id { text += "X-Ms-Request-Id: \(id)\n" }
        if let milliseconds { text += "\(words) took \(milliseconds) ms\n" }
        return text
    }
}

extension Analysis {
    /// The analysis of logs with the vectors' names.
    static func of(
        _ files: [LogFile], path: ModelKind? = nil, expected: Int? = nil
    ) async throws -> Analysis {
        Analysis(
            deployment: "bungalow", namespace: "bungalow", pods: try await Analysis.read(files, onlyPath: path),
            expectedCalls: expected.map { ExpectedCalls(calls: $0, source: "the test") })
    }
}
