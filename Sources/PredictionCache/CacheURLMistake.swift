import Platform

/// What is wrong with the text of a `CACHE_URL`, for messages that contain none of it: any part may be a secret.
package enum CacheURLMistake {
    /// The text's scheme if it is a known one, and nothing else of the text.
    package static func shown(_ text: String) -> String {
        let schemes = [
            "rediss://", "redis://", "sqlite:", "unix://", "redis+unix://", "http://", "https://", "memcached://",
        ]
        let scheme = schemes.first { text.lowercased().hasPrefix($0) }
        return "\(scheme ?? "")…"
    }

    /// What to write instead of a text that `CacheLocation` rejects.
    package static func advice(_ text: String) -> String {
        if let correction = CacheLocation.correction(of: text) { return correction }
        let lowercased = text.lowercased()
        if text.first?.isWhitespace == true || text.last?.isWhitespace == true {
            let isCarriageReturn = text.unicodeScalars.last == "\r" || text.hasSuffix("\r\n")
            return "the same without the \(isCarriageReturn ? "carriage return (\\r)" : "white space") at its "
                + "\(text.last?.isWhitespace == true ? "end" : "start")"
        }
        if lowercased.contains(",password=") || lowercased.contains(",ssl=") || lowercased.contains(",abortconnect=") {
            let scheme = lowercased.contains(",ssl=false") ? "redis" : "rediss"
            return
                "\(scheme)://HOST:PORT with the connection string's host and port, and its password (the access key) in "
                + "the file that CACHE_PASSWORD_FILE names"
        }
        if lowercased.hasPrefix("/") || lowercased.hasPrefix("unix:") || lowercased.hasPrefix("redis+unix:") {
            return "redis://HOST:PORT: Redis is reached by TCP, not by a socket file"
        }
        if lowercased.hasPrefix("redis://") || lowercased.hasPrefix("rediss://") {
            return redisAdvice(text, lowercased)
        }
        return general
    }

    /// For a user without a password, neither in the URL nor in a file: most likely the password is in the user's
    /// place.
    package static let userAlone =
        "redis://:PASSWORD@HOST, or redis://USER:PASSWORD@HOST, or CACHE_PASSWORD_FILE for the password: a name alone "
        + "before the @ is the user"

    private static let general = "redis:// or rediss://[user:password@]host[:port][/db], sqlite:PATH or off"

    private static func redisAdvice(_ text: String, _ lowercased: String) -> String {
        let rest = text[(text.firstRange(of: "://")?.upperBound ?? text.startIndex)...]
        let at = rest.lastIndex(of: "@")
        // A key copied as it is has characters that end a URL's host; then the host still begins after the last @.
        if let at, rest[..<at].contains(where: { "/?#%[]@".contains($0) }), URLComponents(string: text)?.password == nil
        {
            return
                "redis://:PASSWORD@HOST with the password percent-encoded (/ is %2F, # is %23, ? is %3F, @ is %40, % is "
                + "%25), or CACHE_PASSWORD_FILE for it as it is"
        }
        if let query = lowercased.split(separator: "?", maxSplits: 1).dropFirst().first,
            at == nil || rest[rest.startIndex...].contains("?")
        {
            return query.contains("ssl") || query.contains("tls")
                ? "rediss://HOST:PORT without ?…: rediss:// already means TLS" : "\(general), without ?…"
        }
        if let url = URLComponents(string: text), url.scheme == "rediss", url.port == nil,
            let port = AzureRedis.tlsPort(of: url.host ?? "")
        {
            return "rediss://HOST:\(port): Azure's Redis does not listen on 6379"
        }
        if !CacheLocation.hasASCIIHost(text) {
            return "a host in ASCII: an international name in its form that begins with xn--"
        }
        return general
    }
}
