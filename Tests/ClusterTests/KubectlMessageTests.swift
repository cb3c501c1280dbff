import Testing

@testable import Cluster

/// kubectl's standard error as one sentence.
@Suite struct KubectlMessageTests {
    @Test("A missing right is named with its verb, its resource and its namespace")
    func rights() {
        let start = "Error from server (Forbidden): "
        #expect(
            KubectlMessage(
                start + #"pods "a:8000" is forbidden: User "u" cannot get resource "pods/proxy" in API group "" in the"#
                    + #" namespace "serving""# + "\n"
            ).sentence
                == "no right to get pods/proxy in the namespace serving (user u); docs/analyzer.md lists the rights needed"
        )
        #expect(
            KubectlMessage(
                start + #"deployments.apps is forbidden: User "u" cannot list resource "deployments" in API group "#
                    + #""apps" at the cluster scope"#
            ).sentence
                == "no right to list deployments of apps in all namespaces (user u); docs/analyzer.md lists the rights needed"
        )
    }

    @Test("klog's repetitions are left out, and each line is reported once")
    func repetition() {
        let logged = (1...5).map {
            "E1127 14:02:1\($0).123456   12345 memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server\""
        }
        let last = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"
        #expect(KubectlMessage((logged + [last, last]).joined(separator: "\n")).sentence == "kubectl: \(last)")
        #expect(KubectlMessage(logged.joined(separator: "\n")).sentence == "kubectl: \(logged[4])")
        #expect(KubectlMessage("\n").sentence == "kubectl: no reason given")
    }

    @Test("Pods with one reason are one sentence")
    func grouping() {
        let entries = (1...20).map { (pod: "p\($0)", reason: "no right") } + [(pod: "q", reason: "it is gone")]
        #expect(entries.sentences { "\($0): \($1)" } == ["p1, p2 and 18 more: no right", "q: it is gone"])
        #expect(entries[..<3].sentences { "\($0): \($1)" } == ["p1, p2, p3: no right"])
    }
}
