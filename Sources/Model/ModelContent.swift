import Bytes
internal import Digests

/// Those parts of a model that change its predictions, as text, and the text's hashes.
struct ModelContent {
    /// The model file's format, and the first line of the text.
    static let format = "bungalow-linear-model/1"

    /// The format, then one line per feature in order, then the intercept; numbers as Python prints them. The trainer makes
    /// the same text.
    let text: String

    init(coefficients: HousingRecord, intercept: Double) {
        let lines = Feature.allCases.map { "\($0.name)=\(Self.text(coefficients[$0]))" }
        text = ([Self.format] + lines + ["intercept=\(Self.text(intercept))", ""]).joined(separator: "\n")
    }

    /// 64 hexadecimal digits: sha256 of the text.
    var sha256: String { Self.sha256(text) }

    /// 16 hexadecimal digits of a sha256 of the content and the scoring's revision.
    func version(scoringRevision: Int) -> String {
        String(Self.sha256("\(text)scoring=\(scoringRevision)\n").prefix(16))
    }

    private static func sha256(_ text: String) -> String {
        SHA256.hash(text.utf8).bytes.withUnsafeBytes { String(hexadecimal: $0) }
    }

    private static func text(_ value: Double) -> String {
        String(unsafeUninitializedCapacity: PythonFloat.maximumLength) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return PythonFloat.write(value, to: start)
        }
    }
}
