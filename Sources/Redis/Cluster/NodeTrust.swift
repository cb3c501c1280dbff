import Bytes
import NIOCore

/// Decides which announced nodes are connected to, and what their certificates must carry.
///
/// Announcements come from the server: without these rules, an impostor that responds as Redis could make this process
/// connect to its own machine, or send the password to any host.
struct NodeTrust {
    static let maximumHostBytes = 253

    /// The host of the URL.
    let host: String
    /// The kind of address that the URL leads to; exact once its connection has been made.
    private(set) var scope: AddressScope

    init(host: String) {
        self.host = host
        scope = AddressScope(host: host)
    }

    /// Why an announced node is not connected to; prints as one line.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Records the address at which the URL's host was reached.
    mutating func reached(_ address: SocketAddress?) {
        if let address { scope = AddressScope(address) }
    }

    /// The address of an announced node.
    ///
    /// - Parameters:
    ///   - host: as announced; empty for the host that announces it.
    ///   - announcer: the host that was asked.
    func node(host announced: String, port: Int, announcedBy announcer: String) throws(Refusal) -> NodeAddress {
        let host = announced.isEmpty ? announcer : announced
        guard (1...65_535).contains(port) else { throw refusal(announced, "its port is not 1 to 65535") }
        guard host.utf8.count <= Self.maximumHostBytes else {
            throw refusal(announced, "its name has more than \(Self.maximumHostBytes) bytes")
        }
        guard Self.isHost(host) else { throw refusal(announced, "its name is neither a host name nor an address") }
        // The announcer was connected to under these same rules.
        guard announced.isEmpty || allows(AddressScope(host: host)) else {
            throw refusal(announced, forbidden(AddressScope(host: host)))
        }
        return NodeAddress(host: host, port: port)
    }

    /// Checks, before any byte is sent, that a node's name has led to an allowed address.
    func check(_ address: SocketAddress?, of node: NodeAddress) throws(Refusal) {
        guard let address else { throw refusal(node.host, "its address is not known") }
        let reached = AddressScope(address)
        guard allows(reached) else { throw refusal(node.host, forbidden(reached)) }
    }

    /// The names for a node's certificate, which must carry at least one; the node is asked for the first.
    ///
    /// Its own name counts if it is below the URL host's parent domain, or below the host itself.
    func certificateNames(of node: NodeAddress) -> [String] {
        let name = Self.domain(node.host)
        let host = Self.domain(host)
        guard name != host, !Self.isAddress(node.host), !Self.isAddress(self.host) else { return [self.host] }
        let parent = host.drop { $0 != "." }
        let isRelated = name.hasSuffix("." + host) || parent.dropFirst().contains(".") && name.hasSuffix(parent)
        return isRelated ? [node.host, self.host] : [self.host]
    }

    private func allows(_ scope: AddressScope) -> Bool { scope == .ordinary || scope == self.scope }

    private func forbidden(_ scope: AddressScope) -> String {
        "\(scope.phrase) address is used only if the host of CACHE_URL has one"
    }

    private func refusal(_ node: String, _ reason: String) -> Refusal {
        Refusal(
            description:
                "the announced node \"\(String(node.prefix(80)).printable { _ in "?" })\" is not used: \(reason)")
    }

    private static func isAddress(_ host: String) -> Bool { SocketAddress(zonedAddress: host) != nil }

    private static func isHost(_ host: String) -> Bool {
        isAddress(host)
            || host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// In lower case, without a dot at the end.
    private static func domain(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
