/// What a cache has to know.
package struct CacheSettings: Sendable {
    package var location: CacheLocation
    /// The file of the password, which wins over a password of the location.
    package var passwordFile: String?
    /// TLS to Redis; nil for plain TCP.
    package var tls: CacheTLS?
    /// First part of the entries' names.
    package var namespace: String
    package var timeToLiveSeconds: Int
    /// The longest time that a look-up may take.
    package var deadlineMilliseconds: Int
    /// The longest entry that is ever stored.
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
