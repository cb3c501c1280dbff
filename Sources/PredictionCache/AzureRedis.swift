/// What the host names of Azure's Redis services reveal.
enum AzureRedis {
    /// The port on which the host accepts TLS, since none of them listens on 6379; nil if the host is not one of
    /// Azure's.
    static func tlsPort(of host: String) -> Int? {
        let host = host.lowercased()
        if host.hasSuffix(".redis.cache.windows.net") { return 6380 }
        return host.hasSuffix(".redis.azure.net") ? 10_000 : nil
    }
}
