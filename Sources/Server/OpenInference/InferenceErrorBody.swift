import Model
import NIOCore
import Platform

/// The body of a 400 in the Open Inference Protocol's form, `{"error":"…"}`.
struct InferenceErrorBody: Error {
    let body: ByteBuffer

    /// Violations beyond these are only counted.
    private static let listLimit = 5
    /// A client's name is cut at this many Unicode scalars.
    private static let nameLimit = 100

    /// Reports one error.
    init(_ reason: String) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        body = ByteBuffer(bytes: (try? encoder.encode(["error": reason])) ?? Data(#"{"error":"Bad request"}"#.utf8))
    }

    /// Lists what is wrong with records.
    init(_ violations: Violations) {
        let listed = violations.listed.prefix(Self.listLimit).map { violation in
            "record \(violation.record)\(violation.feature.map { ", \($0.name)" } ?? ""): \(violation.message)"
        }
        let more = violations.total - listed.count
        self.init(listed.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : ""))
    }

    /// A client's name as it is shown: in quotes, and cut.
    static func shown(_ name: String) -> String {
        "'" + String(String.UnicodeScalarView(name.unicodeScalars.prefix(nameLimit))) + "'"
    }
}
