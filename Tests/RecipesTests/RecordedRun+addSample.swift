import Recipes

extension RecordedRun {
    /// Adds what a monitor of one pod saw.
    mutating func addSample(second: Int, cores used: Double) {
        samples.append(
            .init(
                time: Double(second), pods: 1, cores: (requested: 1, limit: 2, used: used),
                memory: (requested: 100, limit: 100, used: 30)))
    }
}
