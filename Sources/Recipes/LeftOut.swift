/// What manifests say and the simulation does not know: a line each, so that no result is taken for more than it is.
///
/// Fields that cannot change a result, such as an image's name, have no line.
struct LeftOut {
    private(set) var lines: [String] = []
    /// `Deployment app`.
    private let object: String

    private init(_ field: Field) {
        object = "\(field["kind"].text ?? "") \(field["metadata"]["name"].text ?? "")"
    }

    static func lines(ofAutoscaler field: Field) -> [String] {
        var found = LeftOut(field)
        // Before v2, what v1 has no fields for was kept in annotations. The other two there are status.
        let prefix = "autoscaling.alpha.kubernetes.io/"
        for key in field["metadata"]["annotations"].keys where key.hasPrefix(prefix) {
            if ["conditions", "current-metrics"].contains(String(key.dropFirst(prefix.count))) { continue }
            found.add("metadata.annotations: \(key): give autoscaling/v2 with spec.\(key.dropFirst(prefix.count))")
        }
        let spec = field["spec"]
        found.add(
            spec, "spec.",
            besides: [
                "minReplicas", "maxReplicas", "scaleTargetRef", "targetCPUUtilizationPercentage", "metrics", "behavior",
            ])
        let behavior = spec["behavior"]
        found.add(behavior, "spec.behavior.", besides: ["scaleUp", "scaleDown"])
        for key in ["scaleUp", "scaleDown"] {
            found.add(
                behavior[key], "spec.behavior.\(key).",
                besides: ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"])
        }
        return found.lines
    }

    /// - Parameter container: the one that serves.
    static func lines(ofWorkload field: Field, container: Field, configMaps: [String]) -> [String] {
        var found = LeftOut(field)
        let pod = field["spec"]["template"]["spec"]
        found.add(
            field["spec"], "spec.",
            besides: [
                "replicas", "selector", "template", "minReadySeconds", "revisionHistoryLimit",
                "progressDeadlineSeconds", "strategy",
            ])
        found.add(
            pod, "spec.template.spec.",
            besides: [
                "containers", "initContainers", "terminationGracePeriodSeconds", "automountServiceAccountToken",
                "serviceAccount", "serviceAccountName", "securityContext", "volumes", "dnsPolicy", "dnsConfig",
                "restartPolicy", "schedulerName", "enableServiceLinks", "imagePullSecrets", "hostname", "hostAliases",
            ])
        for item in pod["initContainers"].items where item["restartPolicy"].text != "Always" {
            found.add("the init container \(item["name"].text ?? ""): its time and its requests")
        }
        found.add(container: container, configMaps: configMaps)
        for item in pod["containers"].items {
            for kind in ["requests", "limits"] {
                found.add(
                    item["resources"][kind], "container \(item["name"].text ?? ""): resources.\(kind).",
                    besides: ["cpu", "memory", "ephemeral-storage"])
            }
        }
        return found.lines
    }

    private mutating func add(container: Field, configMaps: [String]) {
        let name = "container \(container["name"].text ?? "")"
        add(
            container, "\(name): ",
            besides: [
                "name", "resources", "env", "envFrom", "readinessProbe", "startupProbe", "lifecycle", "image",
                "imagePullPolicy", "command", "args", "ports", "volumeMounts", "securityContext",
                "terminationMessagePath", "terminationMessagePolicy", "workingDir",
            ])
        add(container["lifecycle"], "\(name): lifecycle.", besides: ["preStop"])
        add(container["lifecycle"]["preStop"], "\(name): lifecycle.preStop.", besides: ["sleep"])
        for variable in container["env"].items where variable["valueFrom"].exists {
            add("\(name): env \(variable["name"].text ?? ""), whose value is not in the manifest")
        }
        for source in container["envFrom"].items {
            let map = source["configMapRef"]["name"].text
            if let map, configMaps.contains(map) { continue }
            let missing = map.map { "ConfigMap \($0), which is not there" } ?? "a \(source.keys.first ?? "source")"
            add("\(name): envFrom \(missing)")
        }
    }

    private mutating func add(_ field: Field, _ place: String, besides known: [String]) {
        for key in field.keys where !known.contains(key) && field[key].exists {
            add(place + key)
        }
    }

    private mutating func add(_ what: String) { lines.append("left out: \(object): \(what)") }
}
