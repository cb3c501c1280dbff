import Files
import Foundation

/// A Kubernetes cluster as the operator's tools see it: contexts, deployments, their pods.
public struct Cluster: Sendable {
    let kubectl: Kubectl
    private static let pageSize = 500

    /// Uses a cluster through a context; nil is the current one.
    public init(context: String?) { kubectl = Kubectl(context: context) }

    /// A context of the caller's kubeconfig.
    public struct Context: Sendable, Equatable {
        /// The context's name.
        public let name: String
        /// Whether kubectl uses it by default.
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
        let port: Int
        /// Different for a later pod of the same name, as a StatefulSet has.
        let uid: String
        /// How often the container was started again: each start is an instance with counters and a log of its own.
        let restarts: Int
        let state: ContainerState
        /// The exit code of the instance before; nil without one.
        let previousExitCode: Int?
        /// Whether its deletion has begun.
        let isTerminating: Bool

        /// An earlier instance of the same pod.
        func instance(_ restarts: Int) -> Self {
            Self(
                name: name, namespace: namespace, container: container, port: port, uid: uid, restarts: restarts,
                state: .waiting, previousExitCode: nil, isTerminating: isTerminating)
        }

        /// When a running container was started.
        var start: Date? { if case .running(let start) = state { start } else { nil } }
    }

    /// What the container of a pod does.
    enum ContainerState: Sendable, Equatable {
        case waiting
        case running(since: Date?)
        case terminated(exitCode: Int)
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
    /// - Throws: `OperatorError` if kubectl or the API server fails, or the caller may not list them.
    public func deployments() async throws -> [Deployment] {
        let objects: [DeploymentObject] = try await list("/apis/apps/v1/deployments").items
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
        try await list(Self.path(ofPodsIn: namespace), selector: selector).items
    }

    func podMetrics(namespace: String, selector: String) async throws -> [PodMetricsObject] {
        try await list(
            "/apis/metrics.k8s.io/v1beta1/namespaces/\(Self.escaped(namespace))/pods", selector: selector
        ).items
    }

    /// The pods of a deployment, and the version of the list, from which a watch continues.
    func podList(of deployment: Deployment) async throws -> (pods: [Pod], version: String) {
        let list: (items: [PodObject], version: String) = try await list(
            Self.path(ofPodsIn: deployment.namespace), selector: deployment.selector)
        return (list.items.compactMap(Self.pod), list.version)
    }

    /// One pod as it is now; nil if it is gone.
    func current(_ pod: Pod) async throws -> Pod? {
        do {
            let path = Self.path(ofPodsIn: pod.namespace) + "/" + Self.escaped(pod.name)
            let found = Self.pod(try await kubectl.get(path))
            return found?.uid == pod.uid ? found : nil
        } catch let error as OperatorError where Kubectl.isNotFound(error.description) {
            return nil
        }
    }

    /// Calls back with each change of a deployment's pods, until the API server ends the watch.
    ///
    /// - Parameter onChange: gets the pod, and whether it is gone.
    func watch(
        _ deployment: Deployment, from version: String, for seconds: Int,
        onChange: @escaping @Sendable (Pod, Bool) async -> Void
    ) async throws {
        let path =
            Self.path(ofPodsIn: deployment.namespace) + "?labelSelector=\(Self.escaped(deployment.selector))"
            + "&watch=true&resourceVersion=\(Self.escaped(version))&timeoutSeconds=\(seconds)"
        let outcome = try await kubectl.lines(["get", "--raw", path]) { line in
            let event: PodEvent = try Kubectl.decode(line)
            if let pod = Self.pod(event.object) { await onChange(pod, event.type == "DELETED") }
        }
        guard outcome.isSuccess else { throw OperatorError(.cluster, outcome.message) }
    }

    func logArguments(of pod: Pod) -> [String] {
        ["logs", pod.name, "--namespace", pod.namespace, "--container", pod.container]
    }

    /// The text of a pod's `/metrics`, through the API server.
    func metricsText(of pod: Pod) async throws -> String {
        let path = Self.path(ofPodsIn: pod.namespace) + "/\(Self.escaped(pod.name)):\(pod.port)/proxy/metrics"
        return String(decoding: try await kubectl.read(["get", "--raw", path, "--request-timeout=20s"]), as: UTF8.self)
    }

    private static func path(ofPodsIn namespace: String) -> String { "/api/v1/namespaces/\(escaped(namespace))/pods" }

    private func list<Item>(_ path: String, selector: String? = nil) async throws -> (items: [Item], version: String)
    where Item: Decodable & Sendable {
        var items: [Item] = []
        var version = ""
        var next: String?
        repeat {
            var query = ["limit=\(Self.pageSize)"]
            if let selector { query.append("labelSelector=\(Self.escaped(selector))") }
            if let next { query.append("continue=\(Self.escaped(next))") }
            let page: ObjectList<Item> = try await kubectl.get("\(path)?\(query.joined(separator: "&"))")
            items += page.items
            next = page.metadata?.continue
            version = page.metadata?.resourceVersion ?? ""
        } while next?.isEmpty == false
        return (items, version)
    }

    private static func deployment(_ object: DeploymentObject) -> Deployment {
        Deployment(
            name: object.metadata.name, namespace: object.metadata.namespace, selector: object.spec.selector.text)
    }

    private static func pod(_ object: PodObject) -> Pod? {
        guard let container = object.defaultContainer else { return nil }
        let ports = container.ports ?? []
        let status = object.status(ofContainer: container.name)
        return Pod(
            name: object.metadata.name, namespace: object.metadata.namespace, container: container.name,
            port: (ports.first { $0.name == "http" } ?? ports.first)?.containerPort ?? 8000,
            uid: object.metadata.uid ?? object.metadata.name, restarts: status?.restartCount ?? 0,
            state: ContainerState(status), previousExitCode: status?.lastState?.terminated?.exitCode,
            isTerminating: object.metadata.deletionTimestamp != nil)
    }

    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", ".", "_"])) ?? text
    }
}

extension Cluster.ContainerState {
    fileprivate init(_ status: PodObject.ContainerStatus?) {
        if let running = status?.state?.running {
            self = .running(since: running.startedAt)
            // A container that waits for its restart (CrashLoopBackOff) has not been counted as restarted yet.
        } else if let terminated = status?.state?.terminated ?? status?.lastState?.terminated {
            self = .terminated(exitCode: terminated.exitCode)
        } else {
            self = .waiting
        }
    }
}
