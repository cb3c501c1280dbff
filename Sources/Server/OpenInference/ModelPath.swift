/// A path that names a version of the model: `/v2/models/housing/versions/V[/ready|/infer]`.
struct ModelPath {
    let version: Substring
    /// What follows the version.
    let rest: Substring

    private static let prefix = Route.model.literal.description + "/versions/"

    /// nil if the path names no version.
    init?(_ path: Substring) {
        guard path.utf8.starts(with: Self.prefix.utf8) else { return nil }
        version = Substring(path.utf8.dropFirst(Self.prefix.utf8.count).prefix { $0 != UInt8(ascii: "/") })
        guard !version.isEmpty else { return nil }
        rest = path[version.endIndex...]
    }
}
