/// Slots that one primary owns, as a node announces them.
struct AnnouncedSlots: Equatable {
    let slots: ClosedRange<Int>
    /// Empty for the host that was asked.
    let host: String
    let port: Int
}

/// The command that asks a node for the slots; SHARDS if SLOTS is not available.
enum ClusterCommand: Equatable {
    case slots, shards
}

/// Reads the replies to CLUSTER SLOTS and CLUSTER SHARDS; replicas are skipped.
enum ClusterTopology {
    /// The reply does not have the form that the command's replies have.
    struct Malformed: Error {}

    /// - Parameter usesTLS: whether to use the TLS ports of a reply that has both kinds.
    static func read(_ reply: RESPValue, of command: ClusterCommand, usesTLS: Bool) throws -> [AnnouncedSlots] {
        let entries = try reply.items
        switch command {
        case .slots: return try entries.compactMap(slotsEntry)
        case .shards: return try entries.flatMap { try shard($0, usesTLS: usesTLS) }
        }
    }

    /// `[first, last, [host, port, id, …], replicas…]`.
    private static func slotsEntry(_ entry: RESPValue) throws -> AnnouncedSlots? {
        let items = try entry.items
        guard items.count >= 3 else { throw Malformed() }
        let primary = try items[2].items
        guard primary.count >= 2 else { throw Malformed() }
        return try announced(range(items[0], items[1]), host: primary[0], port: primary[1])
    }

    /// `["slots", [first, last, …], "nodes", [["endpoint", host, "port", port, "role", "master", …], …]]`.
    private static func shard(_ entry: RESPValue, usesTLS: Bool) throws -> [AnnouncedSlots] {
        let shard = try entry.fields
        guard let bounds = try shard["slots"]?.items, bounds.count.isMultiple(of: 2),
            let nodes = try shard["nodes"]?.items
        else { throw Malformed() }
        let primaries = try nodes.map { try $0.fields }.filter { $0["role"] == .text("master") }
        // There are two during a failover: the one that is online owns the slots.
        guard let primary = primaries.first(where: { $0["health"] == .text("online") }) ?? primaries.first,
            let port = usesTLS ? primary["tls-port"] : primary["port"] ?? primary["tls-port"]
        else { return [] }
        return try stride(from: 0, to: bounds.count, by: 2).compactMap { index in
            try announced(range(bounds[index], bounds[index + 1]), host: primary["endpoint"] ?? .null, port: port)
        }
    }

    private static func range(_ first: RESPValue, _ last: RESPValue) throws -> ClosedRange<Int> {
        guard case .number(let first) = first, case .number(let last) = last, first >= 0, first <= last,
            last < KeySlot.count
        else { throw Malformed() }
        return first...last
    }

    /// nil for a node whose host is not known (`?`).
    private static func announced(
        _ slots: ClosedRange<Int>, host: RESPValue, port: RESPValue
    ) throws -> AnnouncedSlots? {
        guard case .number(let port) = port else { throw Malformed() }
        switch host {
        case .null: return AnnouncedSlots(slots: slots, host: "", port: port)
        case .text("?"): return nil
        case .text(let host): return AnnouncedSlots(slots: slots, host: host, port: port)
        case .number, .error, .array: throw Malformed()
        }
    }
}

extension RESPValue {
    fileprivate var items: [RESPValue] {
        get throws {
            guard case .array(let items) = self else { throw ClusterTopology.Malformed() }
            return items
        }
    }

    /// An array of alternating names and values.
    fileprivate var fields: [String: RESPValue] {
        get throws {
            let items = try items
            guard items.count.isMultiple(of: 2) else { throw ClusterTopology.Malformed() }
            var fields: [String: RESPValue] = [:]
            for index in stride(from: 0, to: items.count, by: 2) {
                guard case .text(let name) = items[index] else { throw ClusterTopology.Malformed() }
                fields[name] = items[index + 1]
            }
            return fields
        }
    }
}
