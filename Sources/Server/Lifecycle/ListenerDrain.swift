import NIOCore
import NIOPosix
import Platform

/// Closes a listener without resetting any connection.
///
/// A closing listener resets all connections that the kernel has established and the server has not accepted. So first
/// no new handshake is begun, then the established connections are accepted, and only then the listener closes.
struct ListenerDrain {
    let listener: any Channel
    let eventLoops: [any EventLoop]

    /// How long a handshake under way may take: many times a round trip inside a cluster.
    private static let handshake = TimeAmount.milliseconds(50)
    private static let longest = TimeAmount.seconds(1)

    /// Closes the listener; takes a few hundredths of a second, and a second at most.
    func close() async {
        let deadline = NIODeadline.now() + Self.longest
        await refuseHandshakes()
        repeat {
            try? await listener.eventLoop.scheduleTask(in: Self.handshake) {}.futureResult.get()
        } while await hasBacklog() && .now() < deadline
        await handOver()
        try? await listener.close()
    }

    /// Waits for the hops of accepted connections. A connection goes to its own loop to be set up, back to the
    /// listener's loop, where it is closed if the listener has closed meanwhile, and then to its own loop again.
    private func handOver() async {
        for _ in 0..<2 {
            for eventLoop in [listener.eventLoop] + eventLoops { try? await eventLoop.submit {}.get() }
        }
    }

    #if os(Linux)
    /// One instruction of the kernel's packet filter: `struct sock_filter` of linux/filter.h.
    private struct Instruction {
        let code: UInt16
        let jumpIfTrue: UInt8
        let jumpIfFalse: UInt8
        let operand: UInt32
    }

    /// `struct sock_fprog` of linux/filter.h.
    ///
    /// `@unchecked Sendable`: what it points to is written before it is made, and only read by the kernel.
    private struct Filter: @unchecked Sendable {
        let count: UInt16
        let instructions: UnsafeMutablePointer<Instruction>
    }

    /// Accepts every segment except one with SYN and without ACK; byte 13 of a TCP header holds the flags (RFC 9293).
    private static let withoutSYN = [
        Instruction(code: 0x30, jumpIfTrue: 0, jumpIfFalse: 0, operand: 13),
        Instruction(code: 0x54, jumpIfTrue: 0, jumpIfFalse: 0, operand: 0x12),
        Instruction(code: 0x15, jumpIfTrue: 0, jumpIfFalse: 1, operand: 0x02),
        Instruction(code: 0x06, jumpIfTrue: 0, jumpIfFalse: 0, operand: 0),
        Instruction(code: 0x06, jumpIfTrue: 0, jumpIfFalse: 0, operand: .max),
    ]

    /// Makes the kernel drop segments that open a connection. The client tries again a second later, and is refused or
    /// reaches the process that listens then. Without kernel filters a connection can be reset for a moment.
    private func refuseHandshakes() async {
        let instructions = UnsafeMutablePointer<Instruction>.allocate(capacity: Self.withoutSYN.count)
        instructions.initialize(from: Self.withoutSYN, count: Self.withoutSYN.count)
        defer { instructions.deallocate() }
        let filter = Filter(count: UInt16(Self.withoutSYN.count), instructions: instructions)
        let options = listener as? any SocketOptionProvider
        try? await options?.unsafeSetSocketOption(
            level: .socket, name: .init(rawValue: SO_ATTACH_FILTER), value: filter
        ).get()
    }

    /// Whether connections wait to be accepted: a listener's `tcpi_unacked` is their number.
    private func hasBacklog() async -> Bool {
        let info = try? await (listener as? any SocketOptionProvider)?.getTCPInfo().get()
        return info.map { $0.tcpi_unacked > 0 } ?? false
    }
    #else
    private func refuseHandshakes() async {}

    private func hasBacklog() async -> Bool { false }
    #endif
}
