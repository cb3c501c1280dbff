import Foundation
import TestSupport
import Testing

/// Which routes score: the server's router decides, and two readers of its metrics have lists of their own.
@Suite struct ScoringRoutesTests {
    @Test("The analyzer and the live charts count exactly the routes that the server writes to the scoring log")
    func listsOfScoringRoutes() throws {
        let server = try ServerProcess()
        let run = try AnalyzerRun()
        for (method, path) in try Self.operations(of: server) {
            _ = try server.call(method, path, body: method == "POST" ? ServerProcess.sample : nil)
        }
        _ = try server.call("OPTIONS", "/predict", body: nil)
        _ = try server.call("GET", "/no-such-route", body: nil)
        let metrics = try run.write(server.call("GET", "/metrics", body: nil).text, to: "a.metrics")
        #expect(try server.stop() == 0)

        let logged = server.log.matches(of: #/"[A-Z]+ (\S+) HTTP/1\.1"/#).map { String($0.1) }
        #expect(logged.count >= 4)
        let log = try run.write(server.log, to: "pod.txt")
        let outcome = try run.run(["analyze", "--files", log, "--metrics", metrics, "--json"])
        #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.error)")
        #expect(try Self.routesOfLiveCharts() == Set(logged))
    }

    /// Every method and path that the server documents.
    private static func operations(of server: ServerProcess) throws -> [(method: String, path: String)] {
        let text = try server.call("GET", "/openapi.json", body: nil).text
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        return paths.sorted { $0.key < $1.key }.flatMap { path, operations in
            operations.keys.filter { ["get", "post"].contains($0) }.sorted().map {
                ($0.uppercased(), path.replacing("{version}", with: "1"))
            }
        }
    }

    private static func routesOfLiveCharts() throws -> Set<String> {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let script = try String(
            contentsOf: root.appending(path: "Sources/Server/Resources/metrics.js"), encoding: .utf8)
        let list = try #require(script.firstMatch(of: #/static scoring = new Set\(\[([^\]]*)\]\)/#))
        return Set(list.1.matches(of: #/"([^"]*)"/#).map { String($0.1) })
    }
}
