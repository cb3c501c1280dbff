import Bytes
import Digests
import Platform
import Release
import ScoringLog

/// The running build, so that a report can name it: `/version`, and `bungalow_build_info`.
struct BuildInfo: Sendable, Encodable {
    let release = Release.release
    /// The version of the model that scores new requests.
    var modelVersion: String
    /// A hash of everything that changes results and behaviour: limits, times, synthetic costs, loops, log, kind of
    /// cache.
    let configuration: String
    /// Identifies this process.
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
        let digest = SHA256.hash(configuration.resultsText.utf8)
        self.configuration = String(digest.bytes.withUnsafeBytes { String(hexadecimal: $0) }.prefix(16))
    }

    /// Hashes the running executable in parts; takes a moment, so it is done at the first request, and not on a loop.
    static func hashExecutable() -> String? {
        #if os(Linux)
        let path = "/proc/self/exe"
        #else
        guard let path = Bundle.main.executablePath else { return nil }
        #endif
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var hash = SHA256()
        var part = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &part, part.count)
            guard count >= 0 else { return nil }
            if count == 0 { return hash.digest.bytes.withUnsafeBytes { String(hexadecimal: $0) } }
            part.withUnsafeBytes { hash.update($0.part(0..<count)) }
        }
    }
}
