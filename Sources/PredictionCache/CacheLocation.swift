import Bytes
import Platform

/// Where predictions are kept: the meaning of `CACHE_URL`.
package enum CacheLocation: Equatable, Sendable {
    case redis(RedisLocation)
    /// An SQLite file.
    case sqlite(path: String)
    /// The default: an SQLite file in the user's cache folder.
    case userCacheFolder
    case off

    /// Reads `redis://[user:password@]host[:6379][/db]`, the same with `rediss://`, `sqlite:PATH` or `off`; all parts
    /// percent-decoded.
    ///
    /// - Returns: nil if the text has another form.
    package init?(_ text: String) {
        // Copied text may end in a blank, and text from a file with Windows line endings in a CR.
        guard text.first?.isWhitespace != true, text.last?.isWhitespace != true else { return nil }
        if text == "off" {
            self = .off
        } else if text.hasPrefix("sqlite:") {
            guard let path = text.dropFirst("sqlite:".count).percentDecoded, !path.isEmpty,
                Self.correction(of: text) == nil
            else { return nil }
            self = .sqlite(path: path)
        } else {
            guard let redis = Self.redis(text) else { return nil }
            self = redis
        }
    }

    /// What to write instead, if the text has a known mistake.
    package static func correction(of text: String) -> String? {
        guard text.hasPrefix("sqlite:"), let path = text.dropFirst("sqlite:".count).percentDecoded else {
            return nil
        }
        // Names of a database in memory: SQLite's own, and `sqlite://` as other programs write it.
        let name = path.drop { $0 == "/" }
        guard name.hasPrefix(":memory:") || name.hasPrefix("file:") || name.isEmpty && !path.isEmpty else { return nil }
        return "sqlite:PATH with the path of a file, since each connection would have a database in memory to itself; "
            + "or off for no cache"
    }

    private static func redis(_ text: String) -> CacheLocation? {
        // URLComponents treats an invalid escape as plain text, and drops a part that does not decode to UTF-8.
        guard text.percentDecoded != nil, let url = URLComponents(string: text),
            ["redis", "rediss"].contains(url.scheme), let host = url.encodedHost?.percentDecoded.flatMap(hostName),
            hasASCIIHost(text),
            url.query == nil, url.fragment == nil
        else { return nil }
        let path = url.path.hasPrefix("/") ? url.path.dropFirst() : url.path[...]
        guard let database = path.isEmpty ? 0 : Int(path), (0...65_535).contains(database) else { return nil }
        let port = url.port ?? 6379
        guard (1...65_535).contains(port),
            url.port != nil || AzureRedis.tlsPort(of: host) == nil || url.scheme == "redis"
        else { return nil }
        return .redis(
            RedisLocation(
                host: host, port: port, user: url.user.flatMap(nonEmpty),
                password: url.password.flatMap(nonEmpty), database: database, usesTLS: url.scheme == "rediss"))
    }

    /// Whether what follows a password is ASCII. DNS and certificates have nothing else, and what URLComponents does
    /// with other letters depends on whether the program links all of Foundation.
    static func hasASCIIHost(_ text: String) -> Bool {
        text[(text.lastIndex(of: "@") ?? text.startIndex)...].utf8.allSatisfy { $0 < 128 }
    }

    /// A URL's host without an address's brackets; nil if it is not a host, since URLComponents also accepts what it
    /// had to escape.
    private static func hostName(_ host: String) -> String? {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
        let isHost = name.utf8.allSatisfy { $0.isVisible && !"\"<>[\\]^`{|}".utf8.contains($0) }
        return isHost && !name.isEmpty ? String(name) : nil
    }

    private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// The file of `userCacheFolder`: below `$XDG_CACHE_HOME` or `~/.cache`, on macOS below `~/Library/Caches`.
    static var defaultPath: String {
        let folder = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        return (folder ?? FileManager.default.temporaryDirectory)
            .appending(path: "bungalow/predictions.sqlite").path(percentEncoded: false)
    }

    /// The kind of cache, for the configuration's hash.
    package var kind: String {
        switch self {
        case .redis: "redis"
        case .sqlite, .userCacheFolder: "sqlite"
        case .off: "off"
        }
    }
}

/// A Redis server, and the user to authenticate as; nil for what the URL leaves out.
package struct RedisLocation: Equatable, Sendable {
    package let host: String
    package let port: Int
    package let user: String?
    package let password: String?
    package let database: Int
    package let usesTLS: Bool

    package init(
        host: String, port: Int = 6379, user: String? = nil, password: String? = nil, database: Int = 0,
        usesTLS: Bool = false
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.usesTLS = usesTLS
    }
}

extension RedisLocation: CustomStringConvertible {
    /// For messages, without secrets.
    package var description: String {
        let secret = user == nil && password == nil ? "" : "***@"
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return "\(usesTLS ? "rediss" : "redis")://\(secret)\(bracketed):\(port)/\(database)"
    }
}
