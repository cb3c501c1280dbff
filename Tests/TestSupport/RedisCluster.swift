import Foundation

/// A real Redis Cluster of three primaries and three replicas, ended when the test releases it.
package final class RedisCluster {
    package let nodes: [RedisProcess]
    /// The nodes' ports for TLS.
    package let encryptedPorts: [Int]
    private let folder: URL

    /// Starts the nodes and waits until each of them knows that all slots are served.
    ///
    /// - Parameters:
    ///   - arguments: further options of redis-server, for each node.
    ///   - nodeTimeoutMilliseconds: when a silent node counts as failed; on a machine under load, a short time makes a
    ///     cluster fail by itself for a moment.
    ///   - encryption: the certificate options of a node by its position, and redis-cli's own for TLS; the nodes then
    ///     listen on `encryptedPorts` too.
    package init(
        _ arguments: [String] = [], nodeTimeoutMilliseconds: Int = 15_000,
        encryption: (node: (Int) throws -> [String], client: [String])? = nil
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let folder = folder
        var addresses: [String] = []
        encryptedPorts = try encryption == nil ? [] : (0..<6).map { _ in try RedisProcess.freePort() }
        let encryptedPorts = encryptedPorts
        nodes = try (0..<6).map { number in
            let busPort = try RedisProcess.freePort()
            var arguments = arguments
            if let encryption {
                arguments += ["--tls-port", "\(encryptedPorts[number])", "--tls-auth-clients", "no"]
                arguments += ["--tls-cluster", "yes", "--tls-replication", "yes"] + (try encryption.node(number))
            }
            let node = try RedisProcess(
                [
                    "--cluster-enabled", "yes", "--cluster-config-file", "\(number).conf", "--dir", folder.path,
                    "--cluster-node-timeout", "\(nodeTimeoutMilliseconds)", "--cluster-port", "\(busPort)",
                ] + arguments)
            addresses.append("127.0.0.1:\(encryption == nil ? node.port : encryptedPorts[number])@\(busPort)")
            return node
        }
        let made = try ChildProcess.run(
            "redis-cli",
            (encryption?.client ?? []) + ["--cluster", "create"] + addresses + [
                "--cluster-replicas", "1", "--cluster-yes",
            ])
        guard made.exitCode == 0 else { throw ChildProcess.Failure(made.output + made.error) }
        for node in nodes {
            try wait("a cluster that serves all slots") {
                try RedisProcess.cli(port: node.port, ["CLUSTER", "INFO"]).contains("cluster_state:ok")
            }
        }
        // A replica that has never been in sync does not take over.
        for node in nodes.suffix(3) {
            try wait("a replica in step") {
                try RedisProcess.cli(port: node.port, ["INFO", "replication"]).contains("link_status:up")
            }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The primaries at the start; the replica of each may have another position.
    package var primaries: ArraySlice<RedisProcess> { nodes.prefix(3) }

    /// Waits for a state that no command reports.
    package func wait(_ what: String, seconds: Double = 30, until isTrue: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try !isTrue() {
            guard Date() < deadline else { throw ChildProcess.Failure("waited for \(what)") }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
