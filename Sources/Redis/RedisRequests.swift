/// A look-up that its maker keeps until its outcome, since a cluster may need its key more than once.
public protocol RedisLookupRequest: AnyObject {
    /// Calls the closure with the key, once, before it returns.
    func withKey(_ body: (_ key: UnsafeRawBufferPointer) -> Void)

    /// The outcome; called exactly once.
    func finish(_ lookup: RedisLookup)
}

/// The stores that are under way, kept by their maker under its own numbers, since a cluster may need one of them more
/// than once.
public protocol RedisStores: AnyObject {
    /// Calls the closure with a store under way, once, before it returns; not at all if there is none with this number.
    func withStore(
        _ number: Int, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ seconds: Int) -> Void)

    /// A store is no longer under way; called once for each store that was sent.
    ///
    /// - Parameter error: why it may not have happened; nil if it was confirmed.
    func settled(_ number: Int, _ error: RedisError?)
}
