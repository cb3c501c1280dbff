import Files
import Foundation

/// A Kubernetes cluster as the operator's tools see it: contexts, deployments, their pods.
public struct Cluster: Sendable {
    let kubectl: Kubectl
    private static let pageSize = 500

    /// Reaches a cluster through a context; nil is the current one.
    public init(context: String?) { kubectl = Kubectl(context: context) }

    /// A context of the caller's kubeconfig.
    public struct Context: Sendable, Equatable {
        /// The context's name.
        public let name: String
        /// Whether kubectl uses it where none is named.
        public let isCurrent: Bool
    }

    /// A deployment and the selector of its pods.
    public struct Deployment: Sendable, Equatable {
        /// The deployment's name.
        public let name: String
        /// The namespace it is in.
        public let namespace: String
        let selector: String
    }

    /// A pod and the container that serves.
    public struct Pod: Sendable {
        /// The pod's name.
        public let name: String
        let namespace, container: String
        let start: Date?
        let port: Int
    }

    /// The contexts of the caller's kubeconfig.
    ///
    /// - Throws: `OperatorError` if kubectl fails.
    public static func contexts() async throws -> [Context] {
        struct Configuration: Decodable {
            struct Named: Decodable {
                let name: String
            }
            let contexts: [Named]?
            let currentContext: String?
            enum CodingKeys: String, CodingKey {
                case contexts
                case currentContext = "current-context"
            }
        }
        // kubectl redacts keys and passwords here.
        let bytes = try await Kubectl(context: nil).read(["config", "view", "--output=json"])
        let configuration: Configuration = try Kubectl.decode(bytes)
        return (configuration.contexts ?? []).map {
            Context(name: $0.name, isCurrent: $0.name == configuration.currentContext)
        }
    }

    /// The deployments of all namespaces, by namespace and name.
    ///
    /// - Throws: `OperatorError` if kubectl or the API server fails.
    public func deployments() async throws -> [Deployment] {
        let objects: [DeploymentObject] = try await list("/apis/apps/v1/deployments")
        return objects.map(Self.deployment).sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    /// One deployment.
    ///
    /// - Throws: `OperatorError` if it does not exist.
    public func deployment(_ name: String, namespace: String) async throws -> Deployment {
        let path = "/apis/apps/v1/namespaces/\(Self.escaped(namespace))/deployments/\(Self.escaped(name))"
        return Self.deployment(try await kubectl.get(path))
    }

    /// The pods of a deployment, by its selector, in the order of their names.
    ///
    /// - Throws: `OperatorError` if kubectl or the API server fails.
    public func pods(of deployment: Deployment) async throws -> [Pod] {
        try await podObjects(namespace: deployment.namespace, selector: deployment.selector)
            .compactMap(Self.pod).sorted { $0.name < $1.name }
    }

    func podObjects(namespace: String, selector: String) async throws -> [PodObject] {
        try await list("/api/v1/namespaces/\(Self.escaped(namespace))/pods", selector: selector)
    }

    func podMetrics(namespace: String, selector: String) async throws -> [PodMetricsObject] {
        try await list("/apis/metrics.k8s.io/v1beta1/namespaces/\(Self.escaped(namespace))/pods", selector: selector)
    }

    /// The text of a pod's `/metrics`, through the API server.
    func metricsText(of pod: Pod) async throws -> String {
        let path =
            "/api/v1/namespaces/\(Self.escaped(pod.namespace))/pods/\(Self.escaped(pod.name)):\(pod.port)/proxy/metrics"
        return String(decoding: try await kubectl.read(["get", "--raw", path, "--request-timeout=20s"]), as: UTF8.self)
    }

    private func list<Item>(_ path: String, selector: String? = nil) async throws -> [Item]
    where Item: Decodable & Sendable {
        var items: [Item] = []
        var next: String?
        repeat {
            var query = ["limit=\(Self.pageSize)"]
            if let selector { query.append("labelSelector=\(Self.escaped(selector))") }
            if let next { query.append("continue=\(Self.escaped(next))") }
            let page: ObjectList<Item> = try await kubectl.get("\(path)?\(query.joined(separator: "&"))")
            items += page.items
            next = page.metadata?.continue
        } while next?.isEmpty == false
        return items
    }

    private static func deployment(_ object: DeploymentObject) -> Deployment {
        Deployment(
            name: object.metadata.name, namespace: object.metadata.namespace, selector: object.spec.selector.text)
    }

    private static func pod(_ object: PodObject) -> Pod? {
        guard let container = object.defaultContainer else { return nil }
        let ports = container.ports ?? []
        return Pod(
            name: object.metadata.name, namespace: object.metadata.namespace, container: container.name,
            start: object.start(ofContainer: container.name),
            port: (ports.first { $0.name == "http" } ?? ports.first)?.containerPort ?? 8000)
    }

    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", ".", "_"])) ?? text
    }
}
