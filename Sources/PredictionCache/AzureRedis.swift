/// What the names of Azure's Redis services tell.
enum AzureRedis {
    /// The port on which the host takes TLS, since none of them listens on 6379; nil if it is not one of Azure's.
    static func tlsPort(of host: String) -> Int? {
        let host = host.lowercased()
        if host.hasSuffix(".redis.cache.windows.net") { return 6380 }
        return host.hasSuffix(".redis.azure.net") ? 10_000 : nil
    }
}
