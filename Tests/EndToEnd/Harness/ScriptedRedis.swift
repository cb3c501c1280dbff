import Foundation
import Synchronization
import Testing

/// A TCP peer that greets like Redis and then follows its script: behaviour that no well-behaved server can be made to
/// show.
final class ScriptedRedis: Sendable {
    /// What it does on the first look-up or store of a connection, and on each one after it.
    enum Script: Sendable {
        /// Reads and never replies, not even to PING.
        case mute
        /// Replies to PING and nothing else.
        case silent
        /// Sends these bytes for each command and continues.
        case reply([UInt8])
        /// Sends these bytes one at a time.
        case drip([UInt8])
        /// Sends these bytes, then nothing more.
        case stall([UInt8])
        /// Resets the connection.
        case reset
        /// Closes the connection.
        case end
    }

    let port: Int
    private let listener: Int32
    private let script: Mutex<Script>
    private let open = Mutex<Set<Int32>>([])

    init(_ script: Script) throws {
        self.script = Mutex(script)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        try #require(bound)
        self.listener = listener
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread { [self] in acceptAll() }.start()
    }

    /// The URL for `CACHE_URL`.
    var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends all connections and the listener.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in open.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 { break }
            open.withLock { _ = $0.insert(descriptor) }
            Thread { [self] in
                serve(descriptor)
                open.withLock { _ = $0.remove(descriptor) }
                close(descriptor)
            }.start()
        }
        close(listener)
    }

    private func serve(_ descriptor: Int32) {
        var input: [UInt8] = []
        while let command = readCommand(descriptor, &input) {
            let script = script.withLock { $0 }
            if case .mute = script { continue }
            let greetings: [String: String] = ["PING": "+PONG\r\n", "AUTH": "+OK\r\n", "SELECT": "+OK\r\n"]
            if let greeting = greetings[command] {
                write(descriptor, Array(greeting.utf8))
                continue
            }
            switch script {
            case .mute, .silent: continue
            case .reply(let bytes): write(descriptor, bytes)
            case .drip(let bytes):
                for byte in bytes { write(descriptor, [byte]) }
            case .stall(let bytes):
                write(descriptor, bytes)
                while readCommand(descriptor, &input) != nil {}
            case .reset:
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(
                    descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                return
            case .end: return
            }
        }
    }

    /// Reads one command, an array of bulk strings.
    ///
    /// - Returns: its first word; nil at the end of the connection.
    private func readCommand(_ descriptor: Int32, _ input: inout [UInt8]) -> String? {
        while true {
            if let (word, length) = Self.command(in: input) {
                input.removeFirst(length)
                return word
            }
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            input += buffer[..<count]
        }
    }

    private static func command(in input: [UInt8]) -> (word: String, length: Int)? {
        var position = 0
        func line() -> Int? {
            guard let end = input[position...].firstIndex(of: 13), end + 1 < input.count else { return nil }
            defer { position = end + 2 }
            return Int(String(decoding: input[(position + 1)..<end], as: UTF8.self))
        }
        guard let count = line() else { return nil }
        var first = ""
        for index in 0..<count {
            guard let length = line(), position + length + 2 <= input.count else { return nil }
            if index == 0 { first = String(decoding: input[position..<(position + length)], as: UTF8.self) }
            position += length + 2
        }
        return (first, position)
    }

    private func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
