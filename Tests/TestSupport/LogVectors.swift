import Foundation

/// The logs of two pods, and the results file that the AKS latency-detection scripts made of them.
package enum LogVectors {
    package static let pods = ["bungalow-6fc5cf8df6-sdxld", "bungalow-6fc5cf8df6-vx58m"]

    /// A pod's log, or `bungalow_results`.
    package static func text(_ name: String) throws -> String {
        let file = "Vectors/ScoringLog/\(name).txt"
        guard let url = Bundle.module.resourceURL?.appending(path: file) else { throw CocoaError(.fileNoSuchFile) }
        return try String(contentsOf: url, encoding: .utf8)
    }
}
