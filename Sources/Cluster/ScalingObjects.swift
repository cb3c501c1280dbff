import Files
import Foundation

/// The objects that an autoscaler's controller reads, as the API server's JSON.
public struct ScalingObjects: Sendable {
    /// All autoscalers of the namespace, a List.
    public let autoscalers: String
    /// The Deployment that one of them scales.
    public let deployment: String
    /// Its pods, a List.
    public let pods: String
    /// Their PodMetrics; nil if the metrics API does not respond.
    public let metrics: String?
}

/// Any JSON object.
private struct AnyObjectOfTheAPI: Decodable {
    private enum CodingKeys: CodingKey {}
    init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: CodingKeys.self) }
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
        let metrics: String?
        do {
            metrics = try await raw("/apis/metrics.k8s.io/v1beta1/namespaces/\(space)/pods\(query)")
        } catch let error as OperatorError where !error.isMissingRight {
            metrics = nil
        }
        return ScalingObjects(autoscalers: autoscalers, deployment: deployment, pods: pods, metrics: metrics)
    }

    private func raw(_ path: String) async throws -> String {
        let bytes = try await kubectl.read(["get", "--raw", path, "--request-timeout=20s"])
        // A proxy's login page is neither an object nor an empty list.
        let _: AnyObjectOfTheAPI = try Kubectl.decode(bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
