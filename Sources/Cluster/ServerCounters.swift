import Files
import Foundation

/// The number of requests that servers have counted on the routes of the scoring log.
///
/// Read from the Prometheus text of `/metrics`: the sum of `bungalow_requests_total` over the scoring routes, without
/// status 204, the response to OPTIONS, which is not logged.
public struct ServerCounters: Sendable, Equatable {
    /// All requests, rejected ones too.
    public let calls: Int
    /// The process that has counted, different after each start; nil if the metrics do not include it.
    public let process: String?

    /// Reads the metrics of one server.
    ///
    /// - Throws: `OperatorError` if they lack the counter.
    public init(metrics text: String, from source: String) throws {
        let sample = #/bungalow_requests_total\{route="([^"]*)",status="([0-9]+)"\} ([0-9.eE+]+)/#
        var isThere = text.contains("# TYPE bungalow_requests_total")
        var sum = 0.0
        for line in text.split(whereSeparator: \.isNewline) {
            guard let match = line.wholeMatch(of: sample) else { continue }
            isThere = true
            let isScoring = ["/predict", "/score", "/test"].contains(match.1) || match.1.hasSuffix("/infer")
            if isScoring, match.2 != "204" { sum += Double(match.3) ?? 0 }
        }
        guard isThere, let calls = Int(exactly: sum) else {
            throw OperatorError(
                .input, "\(source) holds no bungalow_requests_total: give the text of a Bungalow server's /metrics")
        }
        self.calls = calls
        process = text.firstMatch(of: Self.instance).map { String($0.1) }
    }

    private static var instance: Regex<(Substring, Substring)> {
        #/bungalow_build_info\{[^}]*instance="([^"]*)"/#
    }

    /// Adds up the counters in files with the text of `/metrics`.
    ///
    /// - Throws: `OperatorError` if a file cannot be read or holds no counter, or if a server would count twice.
    public init(fromFiles paths: [String]) throws {
        var known: [(path: String, status: FileStatus?, processes: Set<String>)] = []
        calls = try paths.map { path in
            let text = try Self.text(of: path)
            let counters = try ServerCounters(metrics: text, from: path)
            let processes = text.matches(of: Self.instance).map { String($0.1) }
            let file = (path: path, status: TextFile(path: path).status, processes: Set(processes))
            let isTwiceWithin = file.processes.count < processes.count
            if let other = isTwiceWithin
                ? file
                : known.first(where: {
                    $0.status != nil && $0.status == file.status || !$0.processes.isDisjoint(with: file.processes)
                })
            {
                let both =
                    other.path == path
                    ? "\(path) holds the same server's counters twice, or is named twice"
                    : "\(other.path) and \(path) are the counters of the same server"
                throw OperatorError(.request, "\(both): give --metrics one text of each server, the latest")
            }
            known.append(file)
            return counters.calls
        }.reduce(0, +)
        process = nil
    }

    private static let maximumByteCount = 64 << 20

    /// UTF-8 or UTF-16, as PowerShell writes it, also as gzip.
    private static func text(of path: String) throws -> String {
        var bytes: [UInt8] = []
        var damage: GzipDamage?
        do {
            try TextFile(path: path).forEachPiece(
                { piece in
                    guard bytes.count + piece.count <= maximumByteCount else { throw CancellationError() }
                    bytes.append(contentsOf: piece)
                }, onDamage: { damage = $0 })
        } catch {
            throw OperatorError(.input, "\(path) cannot be read: give a file with the text of a server's /metrics")
        }
        if let damage { throw OperatorError(.input, "\(path) \(damage.sentence)") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Cluster {
    /// Asks a pod for its counters, through the API server.
    ///
    /// - Throws: `OperatorError` if it does not respond with them, `CancellationError`.
    func counters(of pod: Pod) async throws -> ServerCounters {
        try ServerCounters(metrics: try await metricsText(of: pod), from: "its /metrics")
    }
}
