package import Autoscaler
import Foundation

/// What the API server shows of an autoscaler, its target and their pods at a moment.
package struct LiveState: Sendable {
    package struct Pod: Sendable {
        package var name: String
        package var observation: PodObservation
    }

    package let autoscaler: HorizontalPodAutoscaler
    /// The Deployment that it scales.
    package let target: String
    /// Other autoscalers of the same Deployment: while there is one, the controller does nothing.
    package let rivals: [String]
    /// Its metrics that are not CPU: `External queue`.
    package let otherMetrics: [String]
    package let pods: [Pod]
    package let current: Int
    package let hasMetrics: Bool
    /// `AbleToScale=True ReadyForNewScale`, as the object says.
    package let conditions: [String]
    /// Unix seconds of the last change that the controller made.
    package let lastScale: Double?
    package let name: String

    /// The Deployment that the autoscaler scales.
    ///
    /// - Parameter hpa: the autoscaler's name, where there are several.
    package static func target(autoscalers: String, hpa: String?) throws(RecipeError) -> String {
        let all = try Field.documents(autoscalers, name: "the cluster").flatMap(Recipe.objects)
        let names = all.compactMap { $0["metadata"]["name"].text }
        let wanted = hpa.map { name in all.filter { $0["metadata"]["name"].text == name } } ?? all
        guard let found = wanted.first else {
            throw RecipeError(
                "there is no HorizontalPodAutoscaler\(hpa.map { " '\($0)'" } ?? "") in the namespace"
                    + (names.isEmpty ? "" : "; there are \(names.joined(separator: ", "))"))
        }
        guard wanted.count == 1 else {
            let several = "name one with --hpa: \(names.joined(separator: ", "))"
            let targets = Set(wanted.map { $0["spec"]["scaleTargetRef"]["name"].text ?? "" })
            guard targets.count == 1, let target = targets.first else {
                throw RecipeError("there are several HorizontalPodAutoscalers: \(several)")
            }
            throw RecipeError(
                "Deployment \(target) has \(wanted.count) autoscalers, and the controller lets none of them act "
                    + "(AmbiguousSelector): delete all but one, or to see what one would do, \(several)")
        }
        guard let name = found["spec"]["scaleTargetRef"]["name"].text,
            found["spec"]["scaleTargetRef"]["kind"].text == "Deployment"
        else { throw RecipeError("\(names[0]) scales no Deployment: others are not explained") }
        return name
    }

    /// - Parameters:
    ///   - autoscalers, deployment, pods, metrics: the API server's JSON.
    ///   - hpa: the autoscaler's name, where there are several.
    package init(
        autoscalers: String, deployment: String, pods list: String, metrics: String?, hpa: String?
    ) throws(RecipeError) {
        let source = "the cluster"
        let all = try Field.documents(autoscalers, name: source).flatMap(Recipe.objects)
        guard let object = all.first(where: { hpa == nil || $0["metadata"]["name"].text == hpa }) else {
            throw RecipeError("\(source): the HorizontalPodAutoscaler is gone")
        }
        var manifest = AutoscalerManifest(object)
        autoscaler = try manifest.read()
        name = manifest.name
        otherMetrics = manifest.others
        let reference = manifest.target
        target = reference.name
        rivals = all.map { AutoscalerManifest($0) }.filter { $0.name != manifest.name && $0.target == reference }
            .map(\.name)
        conditions = object["status"]["conditions"].items.map { condition in
            "\(condition["type"].text ?? "")=\(condition["status"].text ?? "") \(condition["reason"].text ?? "")"
        }
        lastScale = object["status"]["lastScaleTime"].unixTime
        current = try Field.documents(deployment, name: source).first?["spec"]["replicas"].integer(absent: 1) ?? 1
        let samples = try metrics.map { text throws(RecipeError) in try Self.samples(text) }
        hasMetrics = samples != nil
        var found: [Pod] = []
        for pod in try Field.documents(list, name: source).flatMap({ $0["items"].items }) {
            found.append(try Self.pod(pod, samples: samples ?? [:]))
        }
        pods = found.sorted { $0.name < $1.name }
    }

    private static func samples(_ text: String) throws(RecipeError) -> [String: PodSample] {
        var samples: [String: PodSample] = [:]
        for item in try Field.documents(text, name: "the metrics API").flatMap({ $0["items"].items }) {
            guard let name = item["metadata"]["name"].text, let time = item["timestamp"].unixTime else { continue }
            let window = item["window"].text.flatMap(goDuration) ?? 15
            var containers: [ContainerUsage] = []
            for container in item["containers"].items {
                let cores = try container["usage"]["cpu"].cores()
                containers.append(
                    ContainerUsage(
                        name: container["name"].text ?? "", nanocores: cores.map { Int(($0 * 1e9).rounded()) }))
            }
            samples[name] = PodSample(time: time, window: window, containers: containers)
        }
        return samples
    }

    private static func pod(_ field: Field, samples: [String: PodSample]) throws(RecipeError) -> Pod {
        let name = field["metadata"]["name"].text ?? ""
        let spec = field["spec"]
        let sidecars = spec["initContainers"].items.filter { $0["restartPolicy"].text == "Always" }
        var requests: [ContainerRequest] = []
        for container in spec["containers"].items + sidecars {
            let cores = try container["resources"]["requests"]["cpu"].cores()
            requests.append(
                ContainerRequest(
                    name: container["name"].text ?? "", millicores: cores.map { Int(($0 * 1000).rounded(.up)) }))
        }
        let ready = field["status"]["conditions"].items.first { $0["type"].text == "Ready" }
        let phases: [String: PodObservation.Phase] = [
            "Pending": .pending, "Running": .running, "Succeeded": .succeeded, "Failed": .failed,
        ]
        let isReady: [String: Bool] = ["True": true, "False": false]
        return Pod(
            name: name,
            observation: PodObservation(
                phase: phases[field["status"]["phase"].text ?? ""] ?? .unknown,
                isDeleted: field["metadata"]["deletionTimestamp"].exists,
                startTime: field["status"]["startTime"].unixTime,
                readiness: ready.flatMap { condition in
                    condition["lastTransitionTime"].unixTime.map {
                        .init(isReady: isReady[condition["status"].text ?? ""], lastTransition: $0)
                    }
                }, requests: requests, sample: samples[name]))
    }
}

extension Field {
    /// RFC 3339 as Unix seconds.
    fileprivate var unixTime: Double? {
        text.flatMap { try? Date($0, strategy: .iso8601) }?.timeIntervalSince1970
    }
}

/// `15.003s`, `1m0s`.
private func goDuration(_ text: String) -> Double? {
    guard let match = text.wholeMatch(of: #/(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?/#) else { return nil }
    let found = (match.1.flatMap { Double($0) } ?? 0) * 60 + (match.2.flatMap { Double($0) } ?? 0)
    return found > 0 ? found : nil
}
