import Bytes
import Crypto
import Foundation
import Release
import ScoringLog

/// What runs here, so that a report can name it: `/version`, and `bungalow_build_info`.
struct BuildInfo: Sendable, Encodable {
    let release = Release.release
    /// Of the model that new calls are scored with.
    var modelVersion: String
    /// A hash of what changes results and behaviour: limits, times, synthetic costs, loops, log, kind of cache.
    let configuration: String
    /// Names this process, and no other.
    let instance: String
    /// sha256 of the running executable; nil where it cannot be read.
    var executableSHA256: String?

    enum CodingKeys: String, CodingKey {
        case release, configuration, instance
        case executableSHA256 = "executable_sha256"
        case modelVersion = "model_version"
    }

    init(modelVersion: String, configuration: Configuration) {
        self.modelVersion = modelVersion
        var random = SystemRandomNumberGenerator()
        instance = RequestID(randomHigh: random.next(), low: random.next()).description
        let digest = SHA256.hash(data: Data(configuration.resultsText.utf8))
        self.configuration = String(digest.withUnsafeBytes { String(hexadecimal: $0) }.prefix(16))
    }

    /// Reads the running executable in parts; takes a moment, so it is done when first asked for, and not on a loop.
    static func hashExecutable() -> String? {
        #if os(Linux)
        let path = "/proc/self/exe"
        #else
        guard let path = Bundle.main.executablePath else { return nil }
        #endif
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        var hash = SHA256()
        while let part = try? file.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
        return hash.finalize().withUnsafeBytes { String(hexadecimal: $0) }
    }
}
