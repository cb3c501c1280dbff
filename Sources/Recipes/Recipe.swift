package import Autoscaler
package import Simulation

/// What manifests say: a workload, its autoscaler, the server's environment and, in a recording, the node.
package struct Recipe: Sendable {
    package var name: String
    package var workload: Workload
    package var autoscaler: HorizontalPodAutoscaler?
    package var environment: [String: String]
    package var nodes: [NodeSize] = []
    /// CPU request and limit of the serving container, in cores, and its memory, as the lab's monitor counts them.
    package var monitored: (cpuRequest: Double, cpuLimit: Double, memoryRequest: Double, memoryLimit: Double)
    /// The autoscaler's object: its name, and whether it is of autoscaling/v1.
    package var autoscalerObject: (name: String, isV1: Bool)?
    /// Metrics of the autoscaler that are not CPU, and so are not computed: `External queue`.
    package var otherMetrics: [String] = []
    /// A line for each thing that was left out.
    package var notes: [String] = []

    /// Reads multi-document YAML, a List, or a recording's `objects.json`.
    ///
    /// - Parameters:
    ///   - name: the file's, for messages.
    ///   - hpa: the autoscaler's name, where there are several.
    package init(manifests text: String, name: String, hpa: String? = nil) throws(RecipeError) {
        let objects = try Field.documents(text, name: name).flatMap(Self.objects)
        guard !objects.isEmpty else {
            throw RecipeError("\(name): there is no Kubernetes object in it: give what kubectl kustomize prints")
        }
        var manifest = try Self.autoscaler(objects, name: name, wanted: hpa)
        let found = try Self.workload(objects, name: name, target: manifest?.target)
        let autoscaler = try manifest?.read()
        autoscalerObject = manifest.map { ($0.name, $0.field["apiVersion"].text == "autoscaling/v1") }
        otherMetrics = manifest?.others ?? []
        notes = (manifest?.notes ?? []) + (manifest.map { LeftOut.lines(ofAutoscaler: $0.field) } ?? [])
        let container = try found.container(named: autoscaler?.metrics.compactMap(\.container).first)
        workload = try found.read(container: container)
        self.autoscaler = autoscaler
        environment = found.environment(of: container)
        let maps = objects.filter { $0["kind"].text == "ConfigMap" }.compactMap { $0["metadata"]["name"].text }
        notes += LeftOut.lines(ofWorkload: found.field, container: container, configMaps: maps)
        self.name = found.name
        let resources = container["resources"]
        monitored = (
            try resources["requests"]["cpu"].cores() ?? 0, try resources["limits"]["cpu"].cores() ?? 0,
            try resources["requests"]["memory"].mebibytes() ?? 0, try resources["limits"]["memory"].mebibytes() ?? 0
        )
        try checkRequests(of: found.name, in: name)
        for object in objects {
            let kind = object["kind"].text ?? ""
            if kind == "Node", let node = try Self.node(object) { nodes.append(node) }
            if ["Deployment", "HorizontalPodAutoscaler", "ConfigMap", "Node", "Event"].contains(kind) { continue }
            notes.append("left out: \(kind) \(object["metadata"]["name"].text ?? "")")
        }
        if let autoscaler, !(autoscaler.minReplicas...autoscaler.maxReplicas).contains(workload.replicas) {
            notes.append(
                "\(found.name) has \(workload.replicas) replicas, outside \(autoscaler.minReplicas) to "
                    + "\(autoscaler.maxReplicas): the first sync moves them there")
        }
    }

    /// The objects in a document: itself, a List's items, or the values of a recording's map.
    static func objects(_ field: Field) -> [Field] {
        if let kind = field["kind"].text {
            return kind.hasSuffix("List") ? field["items"].items.flatMap(objects) : [field]
        }
        if field.isList { return field.items.flatMap(objects) }
        return field.keys.map { field[$0] }.filter { $0["kind"].exists || $0["items"].exists }.flatMap {
            $0["items"].isList ? $0["items"].items.flatMap(objects) : objects($0)
        }
    }

    private static func autoscaler(
        _ objects: [Field], name: String, wanted: String?
    ) throws(RecipeError) -> AutoscalerManifest? {
        let all = objects.filter { $0["kind"].text == "HorizontalPodAutoscaler" }.map { AutoscalerManifest($0) }
        let names = all.map(\.name).joined(separator: ", ")
        if let wanted {
            guard let found = all.first(where: { $0.name == wanted }) else {
                throw RecipeError(
                    "\(name): there is no HorizontalPodAutoscaler \(wanted); there \(all.isEmpty ? "is none" : "are \(names)")"
                )
            }
            return found
        }
        guard all.count <= 1 else {
            throw RecipeError("\(name): there are several HorizontalPodAutoscalers: name one with --hpa: \(names)")
        }
        return all.first
    }

    private static func workload(
        _ objects: [Field], name: String, target: (kind: String, name: String)?
    ) throws(RecipeError) -> WorkloadManifest {
        let all = objects.filter { $0["kind"].text == "Deployment" }.map {
            WorkloadManifest(field: $0, objects: objects)
        }
        let names = all.map(\.name).joined(separator: ", ")
        guard let target else {
            guard all.count > 1 else {
                guard let only = all.first else {
                    throw RecipeError("\(name): there is no Deployment: give the workload's manifests")
                }
                return only
            }
            // Of this project's overlays: the server, not its Redis.
            let servers = all.filter {
                $0.field["spec"]["template"]["spec"]["containers"].items.contains {
                    $0["readinessProbe"]["httpGet"].exists
                }
            }
            guard servers.count == 1, let server = servers.first else {
                throw RecipeError("\(name): there are several Deployments and no HorizontalPodAutoscaler: \(names)")
            }
            return server
        }
        guard target.kind == "Deployment", let found = all.first(where: { $0.name == target.name }) else {
            throw RecipeError(
                "\(name): the autoscaler's target, \(target.kind) \(target.name), is not there; give its Deployment"
                    + (names.isEmpty ? "" : " (there are \(names))"))
        }
        return found
    }

    private static func node(_ object: Field) throws(RecipeError) -> NodeSize? {
        let allocatable = object["status"]["allocatable"]
        guard let cores = try allocatable["cpu"].cores() else { return nil }
        return NodeSize(cores: cores, memory: try allocatable["memory"].mebibytes() ?? .infinity)
    }

    private func checkRequests(of workload: String, in file: String) throws(RecipeError) {
        for metric in autoscaler?.metrics ?? [] {
            guard case .utilization = metric.target else { continue }
            for request in self.workload.requests
            where (request.millicores ?? 0) == 0 && (metric.container ?? request.name) == request.name {
                throw RecipeError(
                    "\(file): container \(request.name) of Deployment \(workload) has no CPU request, which a target in "
                        + "percent is a percentage of: give resources.requests.cpu, or a target of averageValue")
            }
        }
    }
}
