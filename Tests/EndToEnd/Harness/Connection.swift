import Foundation
import Testing

/// A client's end of a TCP connection, with every byte under the test's control.
final class Connection {
    let descriptor: Int32
    private var received: [UInt8] = []
    private(set) var hasEnded = false

    /// Connects to a port of this machine; reads give up after the time-out.
    convenience init(port: Int, timeoutSeconds: Int = 20) throws {
        let descriptor = Self.connect(to: port, timeoutSeconds)
        try self.init(
            #require(descriptor, "cannot connect to port \(port): \(String(cString: strerror(errno)))"))
    }

    /// Connects to a port of this machine; nil if it refuses.
    convenience init?(ifOpen port: Int) {
        guard let descriptor = Self.connect(to: port, 20) else { return nil }
        self.init(descriptor)
    }

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    private static func connect(to port: Int, _ timeoutSeconds: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var noDelay: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return descriptor }
        let code = errno
        Foundation.close(descriptor)
        errno = code
        return nil
    }

    deinit { close(descriptor) }

    /// Sends bytes unchanged.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0, "cannot send: \(String(cString: strerror(errno)))")
            sent += count
        }
    }

    /// Sends text unchanged.
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends a complete request.
    func send(_ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil) throws {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        let head = (["\(method) \(path) HTTP/1.1", "Host: test"] + headers + length).joined(separator: "\r\n")
        try send(Array("\(head)\r\n\r\n".utf8) + (body ?? []))
    }

    /// Ends this side: the server reads the end of the stream and can still respond.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Resets the connection: the server's next read or write fails.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        shutdown(descriptor, Int32(SHUT_RD))
    }

    /// Reads the next response; informational responses count too.
    ///
    /// - Parameter method: the request's method; a response to HEAD has no body.
    func response(to method: String = "POST") throws -> Response {
        let separator = Array("\r\n\r\n".utf8)
        while received.firstRange(of: separator) == nil { try #require(try receive(), "the connection ended: \(text)") }
        let end = try #require(received.firstRange(of: separator))
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        received.removeSubrange(..<end.upperBound)
        var response = try Response(head: head)
        if method != "HEAD", let length = response["Content-Length"].flatMap(Int.init) {
            while received.count < length { try #require(try receive(), "the body ended early: \(text)") }
            response.body = Array(received[..<length])
            received.removeSubrange(..<length)
        }
        return response
    }

    /// Reads until the server has ended its side.
    ///
    /// - Returns: all bytes that were not read as responses.
    func readToEnd() throws -> String {
        while try receive() {}
        defer { received = [] }
        return text
    }

    /// Reads some bytes; false at the end of the stream.
    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        try #require(count >= 0, "cannot receive: \(String(cString: strerror(errno))); so far: \(text)")
        received += buffer[..<count]
        hasEnded = count == 0
        return count > 0
    }

    private var text: String { String(decoding: received, as: UTF8.self) }
}

/// A response as it was received.
struct Response {
    let status: Int
    /// In the order sent.
    let headers: [(name: String, value: String)]
    var body: [UInt8] = []

    fileprivate init(head: String) throws {
        let lines = head.components(separatedBy: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]), "\(head)")
        headers = try lines.dropFirst().map { line in
            let colon = try #require(line.firstIndex(of: ":"), "\(head)")
            return (String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
    }

    /// A header's value; names in any case.
    subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    func json() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any], "\(text)")
    }

    /// The `type` of each error of a 422.
    func failures() throws -> [String] {
        try #require(try json()["detail"] as? [[String: Any]]).map { try #require($0["type"] as? String) }
    }
}
