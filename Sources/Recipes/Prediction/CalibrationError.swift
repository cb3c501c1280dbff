package import Simulation

extension Service {
    /// The ends of what the CPU of a miss may be.
    ///
    /// - Parameter error: by what share it may be off.
    package func ends(missError error: Double) -> [Service] {
        [max(0, 1 - error), 1 + error].map { factor in
            var service = self
            switch missCPU {
            case .constant(let seconds): service.missCPU = .constant(seconds * factor)
            case .spread(let mean, let variation): service.missCPU = .spread(mean: mean * factor, variation: variation)
            case .samples(let values): service.missCPU = .samples(values.map { $0 * factor })
            }
            return service
        }
    }
}
