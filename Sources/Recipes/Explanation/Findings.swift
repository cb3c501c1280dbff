import Autoscaler

/// What is wrong with an autoscaler and its target, whatever the load: a line each.
package enum Findings {
    /// Reads the objects of manifests, of a recording or of a cluster.
    ///
    /// - Parameters:
    ///   - name: the file's, for messages.
    ///   - hpa: the autoscaler's name, where there are several.
    package static func lines(manifests text: String, name: String, hpa: String?) throws(RecipeError) -> [String] {
        let objects = try Field.documents(text, name: name).flatMap(Recipe.objects)
        let autoscalers = objects.filter { $0["kind"].text == "HorizontalPodAutoscaler" }
        var lines: [String] = []
        let targets = Dictionary(grouping: autoscalers, by: target)
        for (target, group) in targets.sorted(by: { $0.key < $1.key }) where group.count > 1 {
            let names = group.compactMap { $0["metadata"]["name"].text }.joined(separator: ", ")
            lines.append(
                "\(target) has \(group.count) autoscalers, \(names): the controller lets none of them act "
                    + "(AmbiguousSelector); delete all but one")
        }
        for autoscaler in autoscalers where hpa == nil || autoscaler["metadata"]["name"].text == hpa {
            let deployment = objects.first {
                $0["kind"].text == "Deployment"
                    && "Deployment \($0["metadata"]["name"].text ?? "")" == target(autoscaler)
            }
            if let deployment { lines += try problems(autoscaler, deployment) }
            lines += conditions(autoscaler)
        }
        return lines
    }

    /// What is not computed of an autoscaler: its largest proposal wins, so what CPU asks for is the least.
    package static func lines(otherMetrics: [String]) -> [String] {
        guard !otherMetrics.isEmpty else { return [] }
        let names = otherMetrics.joined(separator: ", ")
        return ["not read: the metric \(names); the largest proposal wins, so the one for CPU is a lower bound"]
    }

    private static func target(_ autoscaler: Field) -> String {
        let reference = autoscaler["spec"]["scaleTargetRef"]
        return "\(reference["kind"].text ?? "Deployment") \(reference["name"].text ?? "")"
    }

    private static func problems(_ autoscaler: Field, _ deployment: Field) throws(RecipeError) -> [String] {
        var manifest = AutoscalerManifest(autoscaler)
        let hpa = try manifest.read()
        let name = deployment["metadata"]["name"].text ?? ""
        var lines: [String] = []
        let containers = deployment["spec"]["template"]["spec"]["containers"].items
        for metric in hpa.metrics {
            guard case .utilization(let percent) = metric.target else { continue }
            for container in containers where metric.container ?? container["name"].text == container["name"].text {
                let reason = "FailedGet\(metric.container == nil ? "" : "Container")ResourceMetric"
                let place = "container \(container["name"].text ?? "") of Deployment \(name)"
                let limit = try container["resources"]["limits"]["cpu"].cores()
                guard let request = try container["resources"]["requests"]["cpu"].cores() ?? limit, request > 0 else {
                    lines.append(
                        "\(place) has no CPU request, which \(percent) % is a percentage of: the controller says "
                            + "\(reason) and does nothing; give resources.requests.cpu")
                    continue
                }
                if let limit, limit < Double(percent) / 100 * request {
                    lines.append(
                        "\(place) may use \(fixed(limit, 3)) cores, less than its target of \(percent) % of \(fixed(request, 3)): "
                            + "it can never reach the target, so nothing is ever added; raise the limit or lower the target"
                    )
                }
            }
        }
        if setsReplicas(deployment) {
            lines.append(
                "the manifest of Deployment \(name) sets replicas: each apply puts the replicas back to that number; leave "
                    + "spec.replicas out where an autoscaler decides")
        }
        return lines
    }

    /// The API server fills `spec.replicas` in, so of an object from there only what was applied counts.
    private static func setsReplicas(_ deployment: Field) -> Bool {
        let metadata = deployment["metadata"]
        if let applied = metadata["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].text {
            let objects = try? Field.documents(applied, name: "last-applied-configuration")
            return objects?.first?["spec"]["replicas"].exists ?? false
        }
        return !metadata["uid"].exists && !deployment["status"].exists && deployment["spec"]["replicas"].exists
    }

    /// What the controller itself says is wrong.
    private static func conditions(_ autoscaler: Field) -> [String] {
        let name = autoscaler["metadata"]["name"].text ?? ""
        return autoscaler["status"]["conditions"].items.compactMap { condition in
            let type = condition["type"].text ?? ""
            guard ["AbleToScale", "ScalingActive"].contains(type), condition["status"].text == "False" else {
                return nil
            }
            return "\(name) says \(type)=False, \(condition["reason"].text ?? ""): \(condition["message"].text ?? "")"
        }
    }
}
