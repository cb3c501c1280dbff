import NIOCore
import NIOPosix
import Platform

/// The listening sockets of `BIND_HOST` and `PORT`: one for each address of the host, all on one port.
struct Listeners {
    let channels: [any Channel]
    /// Whether an IPv6 address was left out because this machine has no IPv6.
    let isWithoutIPv6: Bool

    /// Why the server cannot listen.
    enum BindError: Error {
        /// The host resolves to nothing, or to an address that does not belong to this machine.
        case unknownHost(address: String?)
        case inUse(address: String)
        case failed(address: String, errno: CInt)
    }

    /// Listens on all addresses of the host, or on none.
    ///
    /// - Parameters:
    ///   - port: 0 for a free one, the same for all addresses.
    ///   - bootstrap: makes the bootstrap that binds one of them.
    init(host: String, port: Int, _ bootstrap: () -> ServerBootstrap) async throws(BindError) {
        let addresses = Self.addresses(of: host)
        guard !addresses.isEmpty else { throw .unknownHost(address: nil) }
        // A port that is free on the first address may be in use on another.
        for _ in 0..<(port == 0 ? 20 : 0) {
            do throws(BindError) {
                self = try await Self(addresses, port: port, bootstrap)
                return
            } catch .inUse {
                continue
            }
        }
        self = try await Self(addresses, port: port, bootstrap)
    }

    private init(_ addresses: [SocketAddress], port: Int, _ bootstrap: () -> ServerBootstrap) async throws(BindError) {
        var channels: [any Channel] = []
        var isWithoutIPv6 = false
        var port = port
        for var address in addresses {
            address.port = port
            do {
                let channel = try await Self.bind(address, isOneOfSeveral: addresses.count > 1, bootstrap())
                channels.append(channel)
                port = channel.localAddress?.port ?? port
            } catch {
                if await Self.isIPv6Missing(error, address), addresses.contains(where: { $0.protocol == .inet }) {
                    isWithoutIPv6 = true
                    continue
                }
                for channel in channels { try? await channel.close() }
                throw Self.reason(error, address)
            }
        }
        self.channels = channels
        self.isWithoutIPv6 = isWithoutIPv6
    }

    private static func bind(
        _ address: SocketAddress, isOneOfSeveral: Bool, _ bootstrap: ServerBootstrap
    ) async throws -> any Channel {
        // If 0.0.0.0 is bound too, `::` must not accept IPv4.
        let isIPv6Only = isOneOfSeveral && address.protocol == .inet6
        let option = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
        let bootstrap = isIPv6Only ? bootstrap.serverChannelOption(option, value: 1) : bootstrap
        return try await bootstrap.bind(to: address).get()
    }

    private static func isIPv6Missing(_ error: any Error, _ address: SocketAddress) async -> Bool {
        guard address.protocol == .inet6, let code = (error as? IOError)?.errnoCode else { return false }
        guard code == EADDRNOTAVAIL else { return code == EAFNOSUPPORT }
        // An address of another machine causes the same error; binding the loopback address distinguishes the two.
        let probe = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let channel = try? await probe.bind(host: "::1", port: 0).get() else { return true }
        try? await channel.close()
        return false
    }

    private static func reason(_ error: any Error, _ address: SocketAddress) -> BindError {
        let place = address.url
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: return .inUse(address: place)
        case EADDRNOTAVAIL: return .unknownHost(address: address.ipAddress)
        case let code: return .failed(address: place, errno: code ?? EINVAL)
        }
    }

    /// A port above this one that is free on all addresses of the host; 0, for any free port, if none of the next is
    /// free.
    static func freePort(near port: Int, of host: String, _ group: any EventLoopGroup) async -> Int {
        for candidate in port + 1...port + 10 where candidate <= 65_535 {
            let bootstrap = { ServerBootstrap(group: group) }
            guard let listeners = try? await Listeners(host: host, port: candidate, bootstrap) else { continue }
            for channel in listeners.channels { try? await channel.close() }
            return candidate
        }
        return 0
    }

    /// The listening URLs, as a start-up message shows them.
    var description: String {
        channels.compactMap { $0.localAddress?.url }.map { "http://\($0)" }.joined(separator: " and ")
    }
}

// MARK: Names

extension Listeners {
    /// The addresses of a `BIND_HOST`; none for an unknown name.
    static func addresses(of host: String) -> [SocketAddress] {
        switch host.lowercased() {
        case "*": literals("0.0.0.0", "::")
        // Not resolved: some machines' hosts files have only one of them (RFC 6761, section 6.3).
        case "localhost": literals("127.0.0.1", "::1")
        default: resolved(host)
        }
    }

    private static func literals(_ addresses: String...) -> [SocketAddress] {
        addresses.compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
    }

    private static func resolved(_ host: String) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if os(Linux)
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }).compactMap(\.?.pointee) {
            guard let address = SocketAddress(entry), !addresses.contains(address) else { continue }
            addresses.append(address)
        }
        return addresses
    }
}

extension SocketAddress {
    fileprivate init?(_ entry: addrinfo) {
        guard let address = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET: self.init(address.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(address.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    /// Address and port as they appear in a URL.
    fileprivate var url: String {
        let address = ipAddress ?? ""
        return "\(address.contains(":") ? "[\(address)]" : address):\(port ?? 0)"
    }
}
