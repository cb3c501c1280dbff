import Foundation
import TestSupport
import Testing

/// `bungalow recipe` as a person runs it.
@Suite struct RecipeCommandTests {
    private static let load = """
        phases:
          - {seconds: 60, clients: 2, pause_s: [0, 4], rounding: whole}
          - {seconds: 120, clients: 12, pause_s: [0, 2], rounding: whole}
        """

    @Test("The front, the choice, its neighbours, the page, and a patch that kubectl kustomize renders")
    func recipe() throws {
        let run = try AnalyzerRun()
        // kustomize merges lists of containers by their names only if it knows the object's schema.
        let text = SimulateTests.manifests.replacing(
            "kind: Deployment\n", with: "apiVersion: apps/v1\nkind: Deployment\n"
        )
        .replacing(
            "kind: HorizontalPodAutoscaler\n", with: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n")
        let manifests = try run.write(text, to: "app.yaml")
        let arguments = [
            "recipe", "--manifests", manifests, "--load", try run.write(Self.load, to: "load.yaml"), "--service",
            try run.write("cpu_per_miss_ms: {mean: 100, cv: 0.1}\nmemory_loaded_mib: 90", to: "service.yaml"),
            "--nodes", "2x4",
            "--request", "200,400", "--limit", "1000", "--target", "50", "--min", "1,2", "--max", "2,4", "--seeds", "2",
            "--objective", "p95<=2s",
        ]
        let outcome = try run.run(arguments + ["--html", run.path("page.html"), "--patch", run.path("deploy/recipe")])
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.output.contains("Chosen, the cheapest that keeps it with every seed: "), "\(outcome.output)")
        #expect(outcome.output.contains("today") && outcome.output.contains("With one number changed"))
        let page = try String(contentsOfFile: run.path("page.html"), encoding: .utf8)
        #expect(page.contains("p95 in ms against cost") && page.components(separatedBy: "<h3>Chosen</h3>").count == 7)
        let json = try run.run(arguments + ["--json", "--workers", "1"])
        #expect(json.output == (try run.run(arguments + ["--json", "--workers", "3"])).output)

        try FileManager.default.copyItem(atPath: manifests, toPath: run.path("deploy/app.yaml"))
        _ = try run.write("resources: [app.yaml]\ncomponents: [recipe]\n", to: "deploy/kustomization.yaml")
        let rendered = try ChildProcess.run("kubectl", ["kustomize", run.path("deploy")])
        #expect(rendered.exitCode == 0, "\(rendered.error)")
        // Half as much again as was measured, in steps of 32 MiB.
        #expect(rendered.output.contains("memory: 160Mi"), "\(rendered.output)")
        let again = try run.run([
            "simulate", "--manifests", try run.write(rendered.output, to: "rendered.yaml"), "--load",
            run.path("load.yaml"),
        ])
        #expect(again.exitCode == 0, "\(again.error)")
    }

    @Test("An unusable input ends with one line and the exit code of its kind")
    func errors() throws {
        let run = try AnalyzerRun()
        let manifests = try run.write(SimulateTests.manifests, to: "app.yaml")
        try FileManager.default.createDirectory(atPath: run.path("foreign"), withIntermediateDirectories: true)
        _ = try run.write("resources: []\n", to: "foreign/kustomization.yaml")
        let foreign = run.path("foreign")
        let demand = try run.write("demand_cores: [[0, 1]]", to: "demand.yaml")
        for (arguments, code, message) in [
            (["--load", "lab", "--objective", "p99"], 64, "--objective"),
            (["--load", "lab", "--min", "1,x"], 64, "--min"),
            (["--load", "lab", "--price-core-hour", "0", "--price-gib-hour", "0"], 64, "one of them above 0"),
            (["--load", demand], 64, "give a load of clients or requests"),
            (["--load", "lab", "--min", "5", "--max", "3"], 64, "no --max is as large as a --min"),
            (["--load", "lab", "--objective", "p95<=200"], 64, "with a bound and its unit"),
            (["--load", "lab", "--nodes", "3x4x16"], 64, "3x4x16Gi"),
            (["--load", "lab", "--nodes", "3x4", "--html", manifests], 64, "would be lost"),
            (["--load", "lab", "--nodes", "3x4", "--patch", manifests], 64, "is a file; name a folder"),
            (["--load", "lab", "--nodes", "3x4", "--patch", foreign], 64, "was not written by bungalow recipe"),
            (
                ["--load", "lab", "--request", "1000", "--limit", "100", "--target", "80", "--min", "1", "--max", "3"],
                64,
                "no recipe can be proposed: 1000m/100m, 1-3, 80 %: a limit of 100m is below the target of 80 % of 1000m"
            ),
        ] as [([String], Int32, String)] {
            let outcome = try run.run(["recipe", "--manifests", manifests] + arguments)
            #expect(outcome.exitCode == code && outcome.error.contains(message), "\(arguments) \(outcome.error)")
        }
    }
}
