/// The settings of a cache.
package struct CacheSettings: Sendable {
    package var location: CacheLocation
    /// The file with the password, which takes precedence over a password in the location.
    package var passwordFile: String?
    /// TLS to Redis; nil for plain TCP.
    package var tls: CacheTLS?
    /// The first part of the entries' names.
    package var namespace: String
    package var timeToLiveSeconds: Int
    /// The longest time that a look-up may take.
    package var deadlineMilliseconds: Int
    /// The longest entry that is stored.
    package var maximumEntryBytes: Int

    package init(
        location: CacheLocation, passwordFile: String?, tls: CacheTLS?, namespace: String, timeToLiveSeconds: Int,
        deadlineMilliseconds: Int, maximumEntryBytes: Int
    ) {
        self.location = location
        self.passwordFile = passwordFile
        self.tls = tls
        self.namespace = namespace
        self.timeToLiveSeconds = timeToLiveSeconds
        self.deadlineMilliseconds = deadlineMilliseconds
        self.maximumEntryBytes = maximumEntryBytes
    }
}
