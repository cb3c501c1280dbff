import Autoscaler
import Foundation
import Simulation

/// A recipe as a kustomize component: patches for the manifests that it was found for.
package struct RecipePatch: Sendable {
    private let candidate: Candidate
    private let space: SearchSpace

    package init(_ candidate: Candidate, space: SearchSpace) {
        self.candidate = candidate
        self.space = space
    }

    /// Each file's name and text.
    ///
    /// - Parameter about: a line on where the numbers come from.
    package func files(about: String) -> [(name: String, text: String)] {
        var files = [("deployment.yaml", deployment)]
        var entries = "  - path: deployment.yaml\n"
        if let hpa = space.recipe.autoscalerObject {
            files.append(("horizontal-pod-autoscaler.yaml", operations(isV1: hpa.isV1)))
            entries +=
                "  - path: horizontal-pod-autoscaler.yaml\n    target:\n      kind: HorizontalPodAutoscaler\n      name: \(hpa.name)\n"
        }
        // An overlay's own patches come after its components', so the component belongs above the overlay.
        let use = "# In a kustomization.yaml above the overlay: {resources: [OVERLAY], components: [THIS FOLDER]}."
        var text = "# \(about)\n\(use)\napiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        if space.recipe.autoscalerObject == nil, !candidate.isFixed {
            files.append(("horizontal-pod-autoscaler.yaml", autoscaler))
            text += "resources:\n  - horizontal-pod-autoscaler.yaml\n"
        }
        files.append(("kustomization.yaml", text + "patches:\n" + entries))
        return files
    }

    private var deployment: String {
        let recipe = space.recipe(of: candidate)
        let memory = Int(recipe.monitored.memoryRequest.rounded(.up))
        let memoryLimit = Int(recipe.monitored.memoryLimit.rounded(.up))
        var lines = [
            "apiVersion: apps/v1", "kind: Deployment", "metadata:", "  name: \(recipe.name)", "spec:",
        ]
        // Where an autoscaler decides, the manifest must not.
        if space.recipe.autoscalerObject == nil && candidate.isFixed { lines.append("  replicas: \(candidate.least)") }
        lines += [
            "  template:", "    spec:", "      containers:", "        - name: \(recipe.workload.container)",
            "          resources:", "            requests:", "              cpu: \(candidate.request)m",
        ]
        if memory > 0 { lines.append("              memory: \(memory)Mi") }
        if candidate.limit > 0 || memoryLimit > 0 { lines.append("            limits:") }
        if candidate.limit > 0 { lines.append("              cpu: \(candidate.limit)m") }
        if memoryLimit > 0 { lines.append("              memory: \(memoryLimit)Mi") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// JSON 6902, for a list of metrics cannot be merged.
    private func operations(isV1: Bool) -> String {
        func add(_ path: String, _ value: String) -> String { "- {op: add, path: \(path), value: \(value)}\n" }
        var text = add("/spec/minReplicas", "\(candidate.least)") + add("/spec/maxReplicas", "\(candidate.most)")
        guard !candidate.isFixed else { return text }
        if isV1, candidate.pace == .today {
            text += add("/spec/targetCPUUtilizationPercentage", "\(candidate.target)")
        } else {
            // What autoscaling/v1 has no fields for needs v2.
            if isV1 {
                text += add("/apiVersion", "autoscaling/v2")
                text += "- {op: remove, path: /spec/targetCPUUtilizationPercentage}\n"
            }
            text += add("/spec/metrics", "[\(metric)]")
            if candidate.pace != .today { text += add("/spec/behavior", Self.flow(behavior)) }
        }
        return text
    }

    private var behavior: ScalingBehavior {
        candidate.pace.behavior(today: space.recipe.autoscaler?.behavior) ?? ScalingBehavior()
    }

    private var metric: String {
        let target = "target: {type: Utilization, averageUtilization: \(candidate.target)}"
        guard let container = space.recipe.autoscaler?.metrics.first?.container else {
            return "{type: Resource, resource: {name: cpu, \(target)}}"
        }
        return "{type: ContainerResource, containerResource: {name: cpu, container: \(container), \(target)}}"
    }

    private var autoscaler: String {
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: \(space.recipe.name)
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: \(space.recipe.name)}
          minReplicas: \(candidate.least)
          maxReplicas: \(candidate.most)
          metrics: [\(metric)]
          behavior: \(Self.flow(behavior))

        """
    }

    private static func flow(_ behavior: ScalingBehavior) -> String {
        "{scaleUp: \(flow(behavior.scaleUp)), scaleDown: \(flow(behavior.scaleDown))}"
    }

    private static func flow(_ rules: ScalingRules) -> String {
        let policies = rules.policies.map { policy in
            let (type, value) =
                switch policy.change {
                case .pods(let pods): ("Pods", pods)
                case .percent(let percent): ("Percent", percent)
                }
            return "{type: \(type), value: \(value), periodSeconds: \(fixed(policy.period, 0))}"
        }
        let window = rules.stabilizationWindow.map { "stabilizationWindowSeconds: \(fixed($0, 0)), " } ?? ""
        return
            "{\(window)selectPolicy: \(rules.selectPolicy.rawValue), policies: [\(policies.joined(separator: ", "))]}"
    }
}
