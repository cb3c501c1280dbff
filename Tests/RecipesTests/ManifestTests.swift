import Autoscaler
import Foundation
import Recipes
import Simulation
import Testing

@Suite("Manifests")
struct ManifestTests {
    static func text(_ name: String) throws -> String {
        let file = try #require(Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Vectors"))
        return try String(contentsOf: file, encoding: .utf8)
    }

    static func error(_ text: String, hpa: String? = nil) -> String? {
        do {
            _ = try Recipe(manifests: text, name: "m.yaml", hpa: hpa)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("This project's overlay as kustomize prints it")
    func overlay() throws {
        let recipe = try Recipe(manifests: try Self.text("dev-autoscaled.yaml"), name: "m.yaml")
        #expect(recipe.name == "bungalow")
        #expect(recipe.environment["SYNTHETIC_BUSY_MS"] == "6")
        #expect(recipe.workload.requests == [ContainerRequest(name: "bungalow", millicores: 200)])
        #expect(recipe.workload.cpuLimit == 0.5)
        #expect(recipe.workload.memoryRequest == 320)
        #expect(recipe.workload.termination == 10 && recipe.workload.grace == 40)
        #expect(recipe.workload.startup?.period == 1 && recipe.workload.readiness?.period == 5)
        #expect(recipe.workload.readiness?.runsModel == false)
        let autoscaler = try #require(recipe.autoscaler)
        #expect(autoscaler.minReplicas == 1 && autoscaler.maxReplicas == 5)
        #expect(autoscaler.metrics == [CPUMetric(container: "bungalow", target: .utilization(percent: 40))])
        #expect(autoscaler.behavior?.scaleDown.policies == [ScalingPolicy(.percent(50), period: 60)])
        #expect(autoscaler.behavior?.scaleDown.stabilizationWindow == 300)
        #expect(recipe.notes.contains("left out: PodDisruptionBudget bungalow"))
        let service = ServiceModel(environment: recipe.environment, cores: 2).service
        #expect(service.modelThreads == 2 && service.missCPU == .constant(0.0061))
    }

    @Test("A recording's objects.json, its node included")
    func recording() throws {
        let recipe = try Recipe(manifests: try Self.text("objects.json"), name: "objects.json")
        #expect(recipe.nodes.map(\.cores) == [2])
        #expect(recipe.autoscaler?.maxReplicas == 5)
        #expect(recipe.environment["SYNTHETIC_BUSY_MS"] == "6")
    }

    @Test("The lab's manifests: v1, and a probe that runs the model")
    func lab() throws {
        let recipe = try Recipe(manifests: try Self.text("lab.yaml"), name: "lab.yaml")
        #expect(recipe.autoscaler?.behavior == nil)
        #expect(recipe.autoscaler?.metrics == [CPUMetric(target: .utilization(percent: 40))])
        #expect(recipe.workload.readiness?.runsModel == true && recipe.workload.readiness?.successThreshold == 3)
        #expect(recipe.monitored.cpuLimit == 2 && recipe.monitored.memoryRequest == 2048)
        #expect(recipe.notes == ["left out: Service ml-kube-app"])
    }

    @Test("What is not known is left out with a line each: v1's annotations, other fields, other resources")
    func leftOut() throws {
        let recipe = try Recipe(
            manifests: """
                kind: Deployment
                metadata: {name: a}
                spec:
                  paused: true
                  template:
                    spec:
                      nodeSelector: {disk: fast}
                      initContainers: [{name: wait}]
                      containers:
                        - name: c
                          image: i
                          env: [{name: SYNTHETIC_BUSY_MS, valueFrom: {configMapKeyRef: {name: m, key: k}}}]
                          envFrom: [{configMapRef: {name: gone}}, {secretRef: {name: s}}]
                          lifecycle: {preStop: {exec: {command: [sleep]}}}
                          livenessProbe: {httpGet: {path: /livez}}
                          resources: {requests: {cpu: 100m}, limits: {nvidia.com/gpu: 1}}
                ---
                apiVersion: autoscaling/v1
                kind: HorizontalPodAutoscaler
                metadata:
                  name: a
                  annotations:
                    autoscaling.alpha.kubernetes.io/behavior: '{"ScaleDown":{"StabilizationWindowSeconds":60}}'
                    autoscaling.alpha.kubernetes.io/conditions: '[]'
                spec:
                  maxReplicas: 3
                  scaleTargetRef: {kind: Deployment, name: a}
                  minimum: 2
                """, name: "m.yaml")
        #expect(
            recipe.notes == [
                "left out: HorizontalPodAutoscaler a: metadata.annotations: autoscaling.alpha.kubernetes.io/behavior: "
                    + "give autoscaling/v2 with spec.behavior",
                "left out: HorizontalPodAutoscaler a: spec.minimum", "left out: Deployment a: spec.paused",
                "left out: Deployment a: spec.template.spec.nodeSelector",
                "left out: Deployment a: the init container wait: its time and its requests",
                "left out: Deployment a: container c: livenessProbe",
                "left out: Deployment a: container c: lifecycle.preStop.exec",
                "left out: Deployment a: container c: env SYNTHETIC_BUSY_MS, whose value is not in the manifest",
                "left out: Deployment a: container c: envFrom ConfigMap gone, which is not there",
                "left out: Deployment a: container c: envFrom a secretRef",
                "left out: Deployment a: container c: resources.limits.nvidia.com/gpu",
            ])
    }

    @Test("A List, fixed replicas, and several autoscalers, one of them named")
    func shapes() throws {
        let deployment = """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 3, template: {spec: {containers: \
            [{name: c, resources: {requests: {cpu: 100m}}}]}}}}
            """
        let fixed = try Recipe(manifests: "{kind: List, items: [\(deployment)]}", name: "m.yaml")
        #expect(fixed.autoscaler == nil && fixed.workload.replicas == 3)
        func hpa(_ name: String, _ most: Int) -> String {
            "{kind: HorizontalPodAutoscaler, metadata: {name: \(name)}, spec: {maxReplicas: \(most), scaleTargetRef: "
                + "{kind: Deployment, name: a}}}"
        }
        let two = "\(deployment)\n---\n\(hpa("x", 5))\n---\n\(hpa("y", 7))"
        #expect(Self.error(two)?.contains("several HorizontalPodAutoscalers: name one with --hpa: x, y") == true)
        #expect(try Recipe(manifests: two, name: "m.yaml", hpa: "y").autoscaler?.maxReplicas == 7)
        #expect(Self.error(two, hpa: "z")?.contains("no HorizontalPodAutoscaler z") == true)
    }

    @Test(
        "Bad input ends with one line that says where and what is allowed",
        arguments: [
            ("minReplicas: 1\n", "minReplicas: 9\n", "spec.minReplicas is 9, above maxReplicas 5"),
            ("cpu: 200m", "cpu: lots", #"resources.requests.cpu is "lots": give CPU as 500m, 2 or 0.5"#),
            ("maxReplicas: 5", "maxReplicas: many", #"spec.maxReplicas is "many": give a whole number"#),
            ("type: Percent", "type: Share", "policies[0].type is \"Share\": give Pods or Percent"),
            ("container: bungalow\n", "container: other\n", "there is no container other; there are bungalow"),
            (
                "kind: Deployment\nmetadata", "kind: Depl\nmetadata",
                "the autoscaler's target, Deployment bungalow, is not there"
            ),
            ("spec:", "spec: [", "it is not YAML or JSON"),
        ])
    func errors(old: String, new: String, message: String) throws {
        let text = try Self.text("dev-autoscaled.yaml")
        #expect(text.contains(old))
        let error = try #require(Self.error(text.replacingOccurrences(of: old, with: new)))
        #expect(error.contains(message), "\(error)")
        #expect(!error.contains("\n"))
    }

    @Test("A target in percent needs a request of each container that counts")
    func missingRequest() throws {
        let text = try Self.text("lab.yaml").replacingOccurrences(
            of: "cpu: \"1\"", with: "ephemeral-storage: 1Gi"
        ).replacingOccurrences(of: "cpu: \"2\"", with: "ephemeral-storage: 2Gi")
        #expect(Self.error(text)?.contains("container ml-app of Deployment ml-kube-app has no CPU request") == true)
        #expect(Self.error("")?.contains("no Kubernetes object") == true)
    }
}
