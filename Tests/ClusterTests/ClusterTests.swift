import Foundation
import Testing

@testable import LatencyAnalyzer

/// What Kubernetes and servers write, read without a cluster.
@Suite struct ClusterTests {
    @Test(arguments: [
        ("0", "0"), ("2", "2"), ("250m", "0.25"), ("1234567n", "0.001234567"), ("5u", "0.000005"), ("1k", "1000"),
        ("128Mi", "134217728"), ("1Gi", "1073741824"), ("131072Ki", "134217728"), ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        ("1E3", "1000"), ("12e6", "12000000"), (".5", "0.5"), ("2.", "2"), ("1Ei", "1152921504606846976"),
        ("3M", "3000000"),
    ])
    func `Quantities are read exactly`(text: String, value: String) {
        #expect(Quantity(text).map { "\($0.value)" } == value)
    }

    @Test(arguments: ["", "m", "1x", "1 Mi", "Mi", "1mi", "--1", "0x10", "1e", "1e999", "NaN"])
    func `What is no quantity is refused`(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test func `A selector is written as the API takes it`() throws {
        let json = """
            {"matchLabels":{"b":"2","a":"1"},"matchExpressions":[{"key":"tier","operator":"In","values":["x","y"]},
             {"key":"old","operator":"NotIn","values":["z"]},{"key":"app","operator":"Exists"},
             {"key":"gone","operator":"DoesNotExist"}]}
            """
        let selector: LabelSelector = try Kubectl.decode(Array(json.utf8))
        #expect(selector.text == "a=1,b=2,tier in (x,y),old notin (z),app,!gone")
    }

    @Test func `Only answered calls of the scoring routes count`() throws {
        let text = """
            # TYPE bungalow_requests_total counter
            bungalow_requests_total{route="/predict",status="200"} 7
            bungalow_requests_total{route="/predict",status="204"} 100
            bungalow_requests_total{route="/score",status="422"} 2
            bungalow_requests_total{route="/test",status="200"} 1
            bungalow_requests_total{route="/v2/models/housing/infer",status="200"} 4
            bungalow_requests_total{route="/metrics",status="200"} 1000
            bungalow_requests_total{route="other",status="404"} 1000
            bungalow_rejected_requests_total{reason="in_flight"} 1000
            """
        #expect(try ServerCounters(metrics: text, from: "a").calls == 14)
        #expect(throws: AnalyzerFault.self) { try ServerCounters(metrics: "up 1\n", from: "a") }
    }

    @Test func `Core-hours and GiB-hours are what was reserved and used over time`() {
        let amount = { (cores: Decimal, gibibytes: Decimal) in
            ResourceMonitor.Amount(cores: cores, kilobytes: gibibytes * 1024 * 1024)
        }
        var totals = ResourceMonitor.Totals()
        let sample = { (seconds: Double, replicas: Int, used: ResourceMonitor.Amount?) in
            ResourceMonitor.Sample(
                seconds: seconds, replicas: replicas, requested: amount(Decimal(replicas), 1), limits: amount(2, 2),
                used: used)
        }
        #expect(sample(0.004, 2, amount(0.125, 1)).row == "0.00,2,2,1048576,2,2097152,0.125,1048576")
        #expect(sample(5, 2, nil).row == "5.00,2,2,1048576,2,2097152,,")
        var partly = sample(5, 2, amount(0.125, 1))
        partly.remark(replicasWithoutUse: 1, warning: nil)
        #expect(partly.summary.hasSuffix("0.125 cores, 1048576 KB used (nothing known of 1 pod)"))
        totals.add(sample(0, 1, amount(0.5, 0.5)))
        totals.add(sample(1800, 3, nil))
        totals.end(at: 3600)
        #expect(
            totals.text == """
                reserved: 2.000000 core-hours, 1.000000 GiB-hours
                used: 0.250000 core-hours, 0.250000 GiB-hours (known for 1800.0 of 3600.0 s)
                """)
    }
}
