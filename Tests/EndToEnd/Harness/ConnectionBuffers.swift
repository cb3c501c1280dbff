import Foundation
import Testing

/// A client's use of its kernel's buffers: small ones, full ones, and expected ends.
extension Connection {
    /// Makes the kernel receive only few bytes before the reader takes them.
    func shrinkReceiveBuffer() {
        var bytes: Int32 = 64 << 10
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends bytes repeatedly until the other side takes none for half a second, or the limit is reached.
    ///
    /// - Returns: how many were taken.
    func sendUntilBlocked(_ bytes: [UInt8], limit: Int) throws -> Int {
        var sent = 0
        while sent < limit {
            let offset = sent % bytes.count
            let count = bytes[offset...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
                continue
            }
            try #require(errno == EAGAIN, "cannot send: \(String(cString: strerror(errno)))")
            var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&room, 1, 500) == 0 { break }
        }
        return sent
    }

    /// Sends a request and reads its response.
    ///
    /// - Returns: nil if the connection ended instead, which is not a failure here.
    func responseIfOpen(to request: [UInt8]) -> Response? {
        let sent = Foundation.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        var byte: UInt8 = 0
        guard sent == request.count, recv(descriptor, &byte, 1, Int32(MSG_PEEK)) == 1 else { return nil }
        return try? response()
    }
}
