import Foundation

/// A list of the Kubernetes API; only the fields used here are read.
struct ObjectList<Item: Decodable & Sendable>: Decodable, Sendable {
    struct Metadata: Decodable {
        let `continue`, resourceVersion: String?
    }

    let metadata: Metadata?
    let items: [Item]
}

/// A deployment, apps/v1.
struct DeploymentObject: Decodable, Sendable {
    struct Metadata: Decodable {
        let name, namespace: String
    }
    struct Spec: Decodable {
        let selector: LabelSelector
    }

    let metadata: Metadata
    let spec: Spec
}

/// Selects pods by their labels, meta/v1.
struct LabelSelector: Decodable, Sendable {
    struct Expression: Decodable {
        let key, `operator`: String
        let values: [String]?
    }

    let matchLabels: [String: String]?
    let matchExpressions: [Expression]?

    /// The selector in the syntax of the API's `labelSelector` parameter.
    var text: String {
        let labels = (matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let expressions = (matchExpressions ?? []).map { expression in
            let values = (expression.values ?? []).joined(separator: ",")
            return switch expression.operator {
            case "In": "\(expression.key) in (\(values))"
            case "NotIn": "\(expression.key) notin (\(values))"
            case "DoesNotExist": "!\(expression.key)"
            default: expression.key
            }
        }
        return (labels + expressions).joined(separator: ",")
    }
}

/// A pod, v1.
struct PodObject: Decodable, Sendable {
    struct Metadata: Decodable {
        let name, namespace: String
        let uid, deletionTimestamp: String?
        let annotations: [String: String]?
    }
    struct Port: Decodable {
        let name: String?
        let containerPort: Int
    }
    struct Resources: Decodable {
        let requests, limits: [String: Quantity]?
    }
    struct Container: Decodable {
        let name: String
        let ports: [Port]?
        let resources: Resources?
    }
    struct Spec: Decodable {
        let containers: [Container]
    }
    struct Running: Decodable {
        let startedAt: Date?
    }
    struct Terminated: Decodable {
        let exitCode: Int
    }
    struct State: Decodable {
        let running: Running?
        let terminated: Terminated?
    }
    struct ContainerStatus: Decodable {
        let name: String
        let restartCount: Int?
        let state, lastState: State?
    }
    struct Status: Decodable {
        let phase: String?
        let containerStatuses: [ContainerStatus]?
    }

    let metadata: Metadata
    let spec: Spec
    let status: Status?

    /// The container that kubectl uses when none is named.
    var defaultContainer: Container? {
        let named = metadata.annotations?["kubectl.kubernetes.io/default-container"]
        return spec.containers.first { $0.name == named } ?? spec.containers.first
    }

    /// The status of a container; nil before its node has reported it.
    func status(ofContainer name: String) -> ContainerStatus? {
        status?.containerStatuses?.first { $0.name == name }
    }

    /// Whether it holds resources: it has neither succeeded nor failed.
    var isAlive: Bool { status?.phase != "Succeeded" && status?.phase != "Failed" }
}

/// What a pod uses, metrics.k8s.io/v1beta1.
struct PodMetricsObject: Decodable, Sendable {
    struct Metadata: Decodable {
        let name: String
    }
    struct Container: Decodable {
        let name: String
        let usage: [String: Quantity]
    }

    let metadata: Metadata
    let containers: [Container]
}

/// One line of a watch: the change of a pod.
struct PodEvent: Decodable, Sendable {
    let type: String
    let object: PodObject
}
