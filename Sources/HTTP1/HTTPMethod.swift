import Bytes

/// A request's method (RFC 9110, section 9): those that the service handles differently, and `other`.
package enum HTTPMethod: CaseIterable {
    case get, head, post, put, patch, delete, options, trace, connect
    /// A well-formed name of any other.
    case other

    /// Its name as a text of ours, for a log that must not hold clients' text.
    package var literal: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other: "OTHER"
        }
    }

    /// The method with that name; nil unless it is of capital letters and hyphens, as all registered names are.
    init?(_ name: UnsafeRawBufferPointer) {
        // Most requests by far.
        if name.equals("POST") {
            self = .post
            return
        }
        let capitals = name.countWhile { $0.isCapital || $0 == UInt8(ascii: "-") }
        guard capitals > 0, capitals == name.count else { return nil }
        self = Self.allCases.first { $0 != .other && name.equals($0.literal) } ?? .other
    }
}
