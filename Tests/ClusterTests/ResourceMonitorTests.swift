import Foundation
import Testing

@testable import Cluster

/// A monitor's samples and their sums.
@Suite struct ResourceMonitorTests {
    @Test("Core-hours and GiB-hours add up what was reserved and used over time")
    func totalsOverTime() {
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
        #expect(partly.summary.hasSuffix("0.125 cores, 1048576 KB used (unknown for 1 pod)"))
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
