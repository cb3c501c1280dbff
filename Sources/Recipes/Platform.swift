package import Simulation

/// What a kind of cluster decides.
package enum Platform: String, CaseIterable, Sendable {
    case aks, minikube, lab, upstream

    /// Seconds between metrics-server's reads: not changeable on AKS (Azure/AKS#1595).
    package var resolution: Double {
        switch self {
        case .aks, .minikube: 60
        case .lab, .upstream: 15
        }
    }

    package var routing: Routing {
        switch self {
        case .lab: .connectionInTurn
        case .aks, .minikube, .upstream: .connectionAtRandom
        }
    }
}
