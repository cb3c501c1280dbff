import Autoscaler
import Simulation
import Testing

/// siege's transactions in a minute, by mean response time: clients call first, pause for whole seconds, and are cut off.
@Suite("siege's transactions a minute")
struct SiegeTests {
    struct Row: Sendable {
        var delay: Double
        var clients: Int
        /// For 30 ms, 300 ms and 1 s.
        var transactions: [Double]
    }

    @Test(
        "Within 4 % of the lab's table",
        arguments: [
            Row(delay: 100, clients: 20, transactions: [36, 37, 36]),
            Row(delay: 50, clients: 20, transactions: [61, 62, 59]),
            Row(delay: 10, clients: 20, transactions: [252, 237, 212]),
            Row(delay: 3, clients: 20, transactions: [790, 679, 488]),
            Row(delay: 1, clients: 20, transactions: [2276, 1508, 803]),
            Row(delay: 1, clients: 30, transactions: [3414, 2264, 1206]),
            Row(delay: 60, clients: 20, transactions: [53, 54, 52]),
            Row(delay: 80, clients: 20, transactions: [43, 42, 42]),
        ])
    func transactions(row: Row) {
        for (response, expected) in zip([0.03, 0.3, 1], row.transactions) {
            let served = (1...60).map { Self.served(row, response: response, seed: $0) }
            let mean = Double(served.reduce(0, +)) / 60
            #expect(abs(mean / expected - 1) <= 0.04, "\(mean) at \(response) s, expected \(expected)")
        }
    }

    static func served(_ row: Row, response: Double, seed: UInt64) -> Int {
        let clients = Clients(count: row.clients, pause: 0...row.delay, hasWholePauses: true)
        var scenario = Scenario(
            duration: 60, workload: Workload(requests: [ContainerRequest(name: "main", millicores: 100)]),
            load: .traffic([Phase(name: "siege", seconds: 60, traffic: .closed(clients))]))
        scenario.seed = seed
        scenario.service.missCPU = .zero
        scenario.service.missWait = .constant(response)
        return simulate(scenario).phases[0].served
    }
}
