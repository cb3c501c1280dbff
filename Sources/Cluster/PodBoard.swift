/// The pods of a deployment as they were last seen, including those that are gone.
actor PodBoard {
    private var pods: [String: (pod: Cluster.Pod, isGone: Bool)] = [:]
    private(set) var isListed = false

    /// All pods by uid.
    var all: [Cluster.Pod] { pods.values.map(\.pod) }

    /// Takes a whole list: a pod that is not in it is gone.
    func list(_ found: [Cluster.Pod]) {
        let uids = Set(found.map(\.uid))
        for uid in pods.keys where !uids.contains(uid) { pods[uid]?.isGone = true }
        for pod in found { update(pod, isGone: false) }
        isListed = true
    }

    /// Takes one pod's state, unless it is older than the known one.
    func update(_ pod: Cluster.Pod, isGone: Bool) {
        if let known = pods[pod.uid] {
            if known.isGone || known.pod.restarts > pod.restarts || known.pod.isTerminating && !pod.isTerminating {
                if isGone { pods[pod.uid]?.isGone = true }
                return
            }
        }
        pods[pod.uid] = (pod, isGone)
    }

    /// Notes that a pod is gone.
    func remove(_ uid: String) { pods[uid]?.isGone = true }

    /// A pod as it was last seen, and whether it is gone.
    func state(_ uid: String) -> (pod: Cluster.Pod, isGone: Bool)? { pods[uid] }
}
