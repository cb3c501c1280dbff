/// A node: what its pods have reserved, and how they share its cores.
struct Node {
    let size: NodeSize
    private(set) var pods: [Int] = []
    private var cores = 0.0
    private var memory = 0.0
    /// Cores that the pods' requests would use if there were enough.
    var demand = 0.0

    init(_ size: NodeSize) { self.size = size }

    /// The share of the node that would be left with a pod bound to it; nil if the pod does not fit.
    func left(for workload: Workload) -> Double? {
        let cores = size.cores - cores - workload.cpuRequest
        let memory = size.memory - memory - workload.memoryRequest
        guard cores >= -1e-9, memory >= -1e-9 else { return nil }
        return size.memory < .infinity ? cores / size.cores + memory / size.memory : cores / size.cores
    }

    mutating func bind(_ pod: Int, workload: Workload) {
        pods.append(pod)
        cores += workload.cpuRequest
        memory += workload.memoryRequest
    }

    mutating func unbind(_ pod: Int, workload: Workload) {
        pods.removeAll { $0 == pod }
        cores -= workload.cpuRequest
        memory -= workload.memoryRequest
    }

    /// Shares cores evenly: all pods of a workload have the same weight, and none gets more than it demands.
    static func shares(of cores: Double, demands: [Double]) -> [Double] {
        var shares = [Double](repeating: 0, count: demands.count)
        var left = cores
        var open = demands.count
        for index in demands.indices.sorted(by: { (demands[$0], $0) < (demands[$1], $1) }) {
            shares[index] = min(demands[index], max(0, left) / Double(open))
            left -= shares[index]
            open -= 1
        }
        return shares
    }
}
