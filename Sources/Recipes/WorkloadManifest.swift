import Autoscaler
import Simulation

/// Reads a Deployment: its pods' containers, probes and ends, and the server's own environment.
struct WorkloadManifest {
    let field: Field
    /// All objects of the manifests, for ConfigMaps.
    let objects: [Field]

    var name: String { field["metadata"]["name"].text ?? "" }
    private var pod: Field { field["spec"]["template"]["spec"] }

    /// The container that serves: the one that the autoscaler names, else the default one, else the first.
    func container(named name: String?) throws(RecipeError) -> Field {
        let containers = pod["containers"].items
        let annotation = field["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"]
        guard let wanted = name ?? annotation.text else {
            guard let first = containers.first else { throw pod["containers"].wrong("give at least one container") }
            return first
        }
        guard let found = containers.first(where: { $0["name"].text == wanted }) else {
            let known = containers.compactMap { $0["name"].text }.joined(separator: ", ")
            throw RecipeError("\(pod["containers"].place): there is no container \(wanted); there are \(known)")
        }
        return found
    }

    /// What the server's environment says: plain values, and those of ConfigMaps.
    func environment(of container: Field) -> [String: String] {
        var values: [String: String] = [:]
        for source in container["envFrom"].items {
            guard let name = source["configMapRef"]["name"].text else { continue }
            for object in objects where object["kind"].text == "ConfigMap" && object["metadata"]["name"].text == name {
                for key in object["data"].keys { values[key] = object["data"][key].text }
            }
        }
        for variable in container["env"].items {
            if let name = variable["name"].text, let value = variable["value"].text { values[name] = value }
        }
        return values
    }

    func read(container: Field) throws(RecipeError) -> Workload {
        var requests: [ContainerRequest] = []
        var memory = (request: 0.0, limit: 0.0)
        let sidecars = pod["initContainers"].items.filter { $0["restartPolicy"].text == "Always" }
        for item in pod["containers"].items + sidecars {
            let resources = item["resources"]
            // Without a request the limit is one.
            let limit = try resources["limits"]["cpu"].cores()
            let cores = try resources["requests"]["cpu"].cores() ?? limit
            requests.append(
                ContainerRequest(
                    name: item["name"].text ?? "", millicores: cores.map { Int(($0 * 1000).rounded(.up)) }))
            let memoryLimit = try resources["limits"]["memory"].mebibytes() ?? 0
            memory.limit += memoryLimit
            memory.request += try resources["requests"]["memory"].mebibytes() ?? memoryLimit
        }
        var workload = Workload(container: container["name"].text ?? "", requests: requests)
        workload.cpuLimit = try container["resources"]["limits"]["cpu"].cores()
        if let limit = workload.cpuLimit, limit < 0.001 {
            throw container["resources"]["limits"]["cpu"].wrong("give at least 1m")
        }
        workload.memoryRequest = memory.request
        workload.memoryLimit = memory.limit
        workload.replicas = try field["spec"]["replicas"].integer(in: 0...10_000, absent: 1)
        workload.readiness = try probe(container["readinessProbe"])
        workload.startup = try probe(container["startupProbe"])
        workload.grace = try pod["terminationGracePeriodSeconds"].number(in: 0...86_400, absent: 30)
        let environment = environment(of: container)
        let sleep = try container["lifecycle"]["preStop"]["sleep"]["seconds"].number(in: 0...86_400, absent: 0)
        let drain = environment["DRAIN_DELAY_SECONDS"].flatMap(Double.init).map { max(0, min($0, 86_400)) } ?? 0
        workload.termination = min(workload.grace, max(0.5, sleep + drain))
        return workload
    }

    private func probe(_ field: Field) throws(RecipeError) -> Probe? {
        guard field.exists else { return nil }
        var probe = Probe()
        probe.initialDelay = try field["initialDelaySeconds"].number(in: 0...86_400, absent: 0)
        probe.period = try field["periodSeconds"].number(in: 1...86_400, absent: 10)
        probe.timeout = try field["timeoutSeconds"].number(in: 1...86_400, absent: 1)
        probe.successThreshold = try field["successThreshold"].integer(in: 1...1000, absent: 1)
        probe.failureThreshold = try field["failureThreshold"].integer(in: 1...1000, absent: 3)
        let path = field["httpGet"]["path"].text ?? ""
        probe.runsModel = ["/test", "/predict"].contains { path.hasPrefix($0) }
        return probe
    }
}
