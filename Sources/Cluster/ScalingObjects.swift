import Files
import Foundation

/// What an autoscaler's controller reads, as the API server's JSON.
public struct ScalingObjects: Sendable {
    /// All autoscalers of the namespace, a List.
    public let autoscalers: String
    /// The Deployment that one of them scales.
    public let deployment: String
    /// Its pods, a List.
    public let pods: String
    /// Their PodMetrics; nil if the metrics API does not respond.
    public let metrics: String?
    /// Why there are none, as kubectl said.
    public var metricsError: String?
}

extension Cluster {
    /// Reads what the controller sees.
    ///
    /// - Parameter choose: names the Deployment, by the text of all autoscalers.
    /// - Throws: `OperatorError` if the API server does not respond, and what `choose` throws.
    public func scalingObjects(
        namespace: String, choose: @Sendable (_ autoscalers: String) throws -> String
    ) async throws -> ScalingObjects {
        let space = Self.escaped(namespace)
        let autoscalers = try await raw("/apis/autoscaling/v2/namespaces/\(space)/horizontalpodautoscalers")
        let name = Self.escaped(try choose(autoscalers))
        let path = "/apis/apps/v1/namespaces/\(space)/deployments/\(name)"
        let deployment = try await raw(path)
        let object: DeploymentObject = try Kubectl.decode(Array(deployment.utf8))
        let query = "?labelSelector=\(Self.escaped(object.spec.selector.text))"
        let pods = try await raw("/api/v1/namespaces/\(space)/pods\(query)")
        do {
            let metrics = try await raw("/apis/metrics.k8s.io/v1beta1/namespaces/\(space)/pods\(query)")
            return ScalingObjects(autoscalers: autoscalers, deployment: deployment, pods: pods, metrics: metrics)
        } catch let error as OperatorError {
            return ScalingObjects(
                autoscalers: autoscalers, deployment: deployment, pods: pods, metrics: nil,
                metricsError: error.description)
        }
    }

    private func raw(_ path: String) async throws -> String {
        String(decoding: try await kubectl.read(["get", "--raw", path, "--request-timeout=20s"]), as: UTF8.self)
    }
}
