package import NIOCore

/// Where one Redis server listens.
struct NodeAddress: Hashable {
    /// A name, or an IP address without brackets.
    let host: String
    let port: Int
}

extension NodeAddress: CustomStringConvertible {
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The kind of network that an address belongs to; a server elsewhere may announce only `ordinary` addresses.
enum AddressScope: Equatable {
    case ordinary, loopback, linkLocal, unspecified, multicast

    /// The kind of an IP address or a name as it is written; a name other than `localhost` counts as ordinary until it
    /// is resolved.
    init(host: String) {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") {
            self = .loopback
        } else if let address = SocketAddress(zonedAddress: host) {
            self = Self(address)
        } else {
            self = .ordinary
        }
    }

    /// The kind of the address that a connection has reached.
    init(_ address: SocketAddress) {
        let bytes = address.addressBytes
        self = bytes.withUnsafeBytes { bytes in
            switch bytes.count {
            case 4: Self.version4(bytes)
            case 16: Self.version6(bytes)
            default: .loopback
            }
        }
    }

    private static func version4(_ bytes: UnsafeRawBufferPointer) -> AddressScope {
        switch (bytes[0], bytes[1]) {
        case (0, _): .unspecified
        case (127, _): .loopback
        case (169, 254): .linkLocal
        case (224..., _): .multicast
        default: .ordinary
        }
    }

    private static func version6(_ bytes: UnsafeRawBufferPointer) -> AddressScope {
        // IPv4 within IPv6: mapped, compatible (which holds :: and ::1 too), and the translators' prefix.
        let isZero = bytes.prefix(10).allSatisfy { $0 == 0 }
        if isZero && (bytes[10], bytes[11]) == (0xFF, 0xFF) { return version4(.init(rebasing: bytes[12...])) }
        if isZero && (bytes[10], bytes[11]) == (0, 0) {
            if bytes[12..<15].allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .unspecified }
            return version4(.init(rebasing: bytes[12...]))
        }
        if bytes.prefix(4).elementsEqual([0, 0x64, 0xFF, 0x9B]) { return version4(.init(rebasing: bytes[12...])) }
        if bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 { return .linkLocal }
        return bytes[0] == 0xFF ? .multicast : .ordinary
    }

    /// For a sentence with "… address".
    var phrase: String {
        switch self {
        case .ordinary: "an ordinary"
        case .loopback: "a loopback"
        case .linkLocal: "a link-local"
        case .unspecified: "an unspecified"
        case .multicast: "a multicast"
        }
    }
}

extension SocketAddress {
    /// The IP address in a text; nil for a name.
    ///
    /// A zone (`fe80::1%eth0`) is ignored: whether a text with one can be parsed depends on the machine's interfaces.
    init?(zonedAddress text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = try? SocketAddress(ipAddress: String(parts[0]), port: 0) else { return nil }
        if parts.count == 2 {
            let isZone = parts[1].utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard address.protocol == .inet6, isZone else { return nil }
        }
        self = address
    }

    /// The 4 or 16 bytes of an IP address; none for a socket in the file system.
    package var addressBytes: [UInt8] {
        withSockAddr { address, size in
            // The same offsets on all systems: after the family and the port, and with IPv6 also the flow label.
            let bytes = UnsafeRawBufferPointer(start: address, count: size)
            return switch self {
            case .v4: Array(bytes[4..<8])
            case .v6: Array(bytes[8..<24])
            case .unixDomainSocket: []
            }
        }
    }
}
