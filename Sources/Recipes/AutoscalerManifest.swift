import Autoscaler

/// Reads a HorizontalPodAutoscaler of autoscaling/v1 or v2.
struct AutoscalerManifest {
    let field: Field
    private(set) var notes: [String] = []
    /// The metrics that were left out: `Resource memory`, `External queue_length`.
    private(set) var others: [String] = []

    init(_ field: Field) { self.field = field }

    var name: String { field["metadata"]["name"].text ?? "" }
    var target: (kind: String, name: String) {
        let reference = field["spec"]["scaleTargetRef"]
        return (reference["kind"].text ?? "Deployment", reference["name"].text ?? "")
    }

    mutating func read() throws(RecipeError) -> HorizontalPodAutoscaler {
        let spec = field["spec"]
        let least = try spec["minReplicas"].integer(in: 1...10_000, absent: 1)
        let most = try spec["maxReplicas"].integer(in: 1...10_000)
        guard least <= most else {
            throw RecipeError(
                "\(spec["minReplicas"].place) is \(least), above maxReplicas \(most): give at most \(most)")
        }
        var autoscaler = HorizontalPodAutoscaler(minReplicas: least, maxReplicas: most)
        if spec["targetCPUUtilizationPercentage"].exists {
            let percent = try spec["targetCPUUtilizationPercentage"].integer(in: 1...100_000)
            autoscaler.metrics = [CPUMetric(target: .utilization(percent: percent))]
        } else if !spec["metrics"].items.isEmpty {
            autoscaler.metrics = []
            for item in spec["metrics"].items {
                if let metric = try metric(item) { autoscaler.metrics.append(metric) }
            }
            guard !autoscaler.metrics.isEmpty else {
                throw RecipeError(
                    "the only metrics of HorizontalPodAutoscaler \(name) are \(others.joined(separator: ", ")): give a "
                        + "Resource or ContainerResource metric of cpu; only those are simulated and explained")
            }
        }
        if spec["behavior"].exists {
            autoscaler.behavior = ScalingBehavior(
                scaleUp: try rules(spec["behavior"]["scaleUp"], .defaultUp),
                scaleDown: try rules(spec["behavior"]["scaleDown"], .defaultDown))
        }
        return autoscaler
    }

    private mutating func metric(_ item: Field) throws(RecipeError) -> CPUMetric? {
        let type = item["type"].text ?? ""
        let isContainer = type == "ContainerResource"
        let source = item[isContainer ? "containerResource" : "resource"]
        guard isContainer || type == "Resource", source["name"].text == "cpu" else {
            let kind = type.prefix(1).lowercased() + type.dropFirst()
            let metric = source["name"].text ?? item[kind]["metric"]["name"].text
            let text = "\(type)\(metric.map { " \($0)" } ?? "")"
            others.append(text)
            notes.append("left out: \(item.place), a metric of \(text)")
            return nil
        }
        var container: String?
        if isContainer {
            guard let name = source["container"].text else {
                throw source["container"].wrong("give a container's name")
            }
            container = name
        }
        let target = source["target"]
        if target["averageUtilization"].exists {
            let percent = try target["averageUtilization"].integer(in: 1...100_000)
            return CPUMetric(container: container, target: .utilization(percent: percent))
        }
        guard let cores = try target["averageValue"].cores(), cores >= 0.001 else {
            throw target["averageValue"].wrong("give averageUtilization in percent, or averageValue as 500m")
        }
        return CPUMetric(container: container, target: .averageValue(millicores: Int((cores * 1000).rounded(.up))))
    }

    private func rules(_ field: Field, _ absent: ScalingRules) throws(RecipeError) -> ScalingRules {
        guard field.exists else { return absent }
        var rules = absent
        if field["stabilizationWindowSeconds"].exists {
            rules.stabilizationWindow = Double(try field["stabilizationWindowSeconds"].integer(in: 0...3600))
        }
        if let text = field["selectPolicy"].text {
            guard let select = PolicySelection(rawValue: text) else {
                throw field["selectPolicy"].wrong("give Max, Min or Disabled")
            }
            rules.selectPolicy = select
        }
        if let tolerance = try field["tolerance"].cores() { rules.tolerance = tolerance }
        guard !field["policies"].items.isEmpty else { return rules }
        rules.policies = []
        for item in field["policies"].items {
            let value = try item["value"].integer(in: 1...Int(Int32.max))
            let period = Double(try item["periodSeconds"].integer(in: 1...1800))
            switch item["type"].text {
            case "Pods": rules.policies.append(ScalingPolicy(.pods(value), period: period))
            case "Percent": rules.policies.append(ScalingPolicy(.percent(value), period: period))
            default: throw item["type"].wrong("give Pods or Percent")
            }
        }
        return rules
    }
}
