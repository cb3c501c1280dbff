import NIOCore

/// The look-ups of one event loop that are under way: one for each key is sent, and all who ask meanwhile share it.
///
/// Of two requests that a client sends in one write, both are looked up before the first is scored. The second then
/// finds what the first has stored, as it would if it had come a moment later.
final class LookUpsInFlight {
    private struct LookUp {
        var first: (CacheLookup) -> Void
        var others: [(CacheLookup) -> Void] = []
        /// What was stored under the key since the look-up began.
        var stored: ByteBuffer?

        func outcome(_ found: CacheLookup) -> CacheLookup {
            if case .unavailable = found { return found }
            return stored.map(CacheLookup.entry) ?? found
        }
    }

    private var lookUps: [CacheKey: LookUp] = [:]

    /// Notes a look-up. Returns whether it is to be sent: not if one of the same key is under way.
    func begin(_ key: CacheKey, _ completion: @escaping (CacheLookup) -> Void) -> Bool {
        guard lookUps[key] != nil else {
            lookUps[key] = LookUp(first: completion)
            return true
        }
        lookUps[key]?.others.append(completion)
        return false
    }

    /// An entry is on its way to the cache, behind a look-up that may be under way.
    func stored(_ value: ByteBuffer, for key: CacheKey) {
        if !lookUps.isEmpty { lookUps[key]?.stored = value }
    }

    /// Completes all look-ups of the key, the first one first; what it stores is found by the others.
    func end(_ key: CacheKey, with found: CacheLookup) {
        guard var ended = lookUps.removeValue(forKey: key) else { return }
        while let next = ended.others.popLast() {
            let (completion, outcome) = (ended.first, ended.outcome(found))
            ended.first = next
            lookUps[key] = ended
            completion(outcome)
            guard let rest = lookUps.removeValue(forKey: key) else { return }
            ended = rest
        }
        ended.first(ended.outcome(found))
    }
}
