import Foundation

/// A real Redis Cluster of three primaries and three replicas, ended when the test lets go of it.
package final class RedisCluster {
    package let nodes: [RedisProcess]
    private let folder: URL

    /// Starts the nodes and waits until each of them knows that all slots are served.
    ///
    /// - Parameters:
    ///   - arguments: more of redis-server's own, of each node.
    ///   - client: more of redis-cli's, such as those for TLS.
    package init(_ arguments: [String] = [], client: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let folder = folder
        var addresses: [String] = []
        nodes = try (0..<6).map { number in
            let busPort = try RedisProcess.freePort()
            let node = try RedisProcess(
                [
                    "--cluster-enabled", "yes", "--cluster-config-file", "\(number).conf", "--dir", folder.path,
                    "--cluster-node-timeout", "1500", "--cluster-port", "\(busPort)",
                ] + arguments)
            addresses.append("127.0.0.1:\(node.port)@\(busPort)")
            return node
        }
        let made = try ChildProcess.run(
            "redis-cli", client + ["--cluster", "create"] + addresses + ["--cluster-replicas", "1", "--cluster-yes"])
        guard made.exitCode == 0 else { throw ChildProcess.Failure(made.output + made.error) }
        for node in nodes {
            try wait("a cluster that serves all slots") {
                try RedisProcess.cli(port: node.port, client + ["CLUSTER", "INFO"]).contains("cluster_state:ok")
            }
        }
        // A replica that has never been in step takes over nothing.
        for node in nodes.suffix(3) {
            try wait("a replica in step") {
                try RedisProcess.cli(port: node.port, client + ["INFO", "replication"]).contains("link_status:up")
            }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The primaries at the start; the replica of each may have another position.
    package var primaries: ArraySlice<RedisProcess> { nodes.prefix(3) }

    /// Waits for what no command tells.
    package func wait(_ what: String, seconds: Double = 30, until isTrue: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try !isTrue() {
            guard Date() < deadline else { throw ChildProcess.Failure("waited for \(what)") }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
