import Bytes

/// The known path that an unknown path was probably meant to be.
struct NearPath: Equatable {
    let route: Route
    /// Whether it has something before the known path, as when a proxy does not remove its prefix.
    let hasPrefix: Bool

    private static let lengthLimit = 256
    /// Other services' names for the path that predicts.
    private static let synonyms = ["prediction", "predictions", "infer", "invocations"]
    private static let known = Route.allCases.filter { $0 != .other }.map {
        (route: $0, segments: segments(of: $0.literal.description) ?? [])
    }

    init(_ route: Route, hasPrefix: Bool = false) {
        self.route = route
        self.hasPrefix = hasPrefix
    }

    /// nil if no known path is near, or the path is too long to check.
    init?(_ path: Substring) {
        guard path.utf8.count <= Self.lengthLimit, let segments = Self.segments(of: String(path)) else { return nil }
        if let same = Self.known.first(where: { $0.segments == segments }) {
            self.init(same.route)
        } else if let end = Self.longest(where: { segments.suffix($0.count).elementsEqual($0) }) {
            self.init(end, hasPrefix: true)
        } else if let start = Self.longest(where: { segments.starts(with: $0) }), start.isScoring {
            self.init(start)
        } else if segments.count == 1, Self.synonyms.contains(segments[0]) {
            self.init(.predict)
        } else {
            let text = segments.joined(separator: "/")
            let near = Self.known.first { Self.isTypo(text, of: $0.segments.joined(separator: "/")) }
            guard let near else { return nil }
            self.init(near.route)
        }
    }

    /// The segments without case, escapes, empty ones, parameters and punctuation at the end; nil if some are `..`.
    private static func segments(of path: String) -> [String]? {
        let segments = path.split(separator: "/").map { segment in
            let text = (segment.percentDecoded ?? String(segment)).lowercased()
            return text.hasPrefix(".") ? text : String(text.trimming { " \t\r\n.,;:)\"'".contains($0) })
        }
        return segments.contains { $0.hasPrefix(".") || $0.contains("/") } ? nil : segments
    }

    private static func longest(where isNear: ([String]) -> Bool) -> Route? {
        known.filter { !$0.segments.isEmpty && isNear($0.segments) }.max { $0.segments.count < $1.segments.count }?
            .route
    }

    /// Whether it has few wrong, missing or additional letters: one, or two in a longer word.
    private static func isTypo(_ text: String, of word: String) -> Bool {
        let (text, word) = (Array(text.utf8), Array(word.utf8))
        let limit = word.count < 6 ? 1 : 2
        guard word.count >= 4, abs(text.count - word.count) <= limit else { return false }
        var distances = Array(0...word.count)
        for (row, byte) in text.enumerated() {
            var diagonal = distances[0]
            distances[0] = row + 1
            for column in word.indices {
                let change = diagonal + (byte == word[column] ? 0 : 1)
                diagonal = distances[column + 1]
                distances[column + 1] = min(change, diagonal + 1, distances[column] + 1)
            }
        }
        return distances[word.count] <= limit
    }

    /// The hint for the client.
    var hint: String {
        "Did you mean \(route.literal)?"
            + (hasPrefix ? " A proxy that passes requests on has to remove what precedes it" : "")
    }
}

/// The kinds of request targets that belong to no route.
enum UnknownTarget: Equatable {
    case path(near: NearPath?)
    /// A path of the Open Inference Protocol, such as another model's.
    case inferencePath(near: NearPath?)
    /// `*`, the server as a whole, which only `OPTIONS` may ask about (RFC 9110, section 9.3.7).
    case server

    init(_ target: String) {
        guard target != "*" else {
            self = .server
            return
        }
        let path = Route.path(of: target)
        self = path.hasPrefix("/v2/") ? .inferencePath(near: NearPath(path)) : .path(near: NearPath(path))
    }

    /// Reads `code`.
    init?(code: String) {
        guard code != "*" else {
            self = .server
            return
        }
        let near = Int(code.dropFirst(2)).flatMap(Route.init).map {
            NearPath($0, hasPrefix: code.dropFirst().first == "+")
        }
        switch code.first {
        case "p": self = .path(near: near)
        case "i": self = .inferencePath(near: near)
        default: return nil
        }
    }

    /// Short text that represents it while the request is received.
    var code: String {
        switch self {
        case .server: "*"
        case .path(let near): "p" + Self.code(near)
        case .inferencePath(let near): "i" + Self.code(near)
        }
    }

    private static func code(_ near: NearPath?) -> String {
        near.map { "\($0.hasPrefix ? "+" : "=")\($0.route.index)" } ?? ""
    }
}
