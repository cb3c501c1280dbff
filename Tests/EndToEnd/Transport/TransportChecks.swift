import Foundation
import TestSupport
import Testing

/// What tests of HTTP as a transport check in every response.
enum TransportChecks {
    /// The known paths, and the value of `Allow` for each.
    static let allow = [
        "/predict": "POST, OPTIONS", "/score": "POST, OPTIONS", "/test": "GET, HEAD, OPTIONS",
        "/health": "GET, HEAD, OPTIONS", "/livez": "GET, HEAD, OPTIONS", "/readyz": "GET, HEAD, OPTIONS",
        "/startupz": "GET, HEAD, OPTIONS",
    ]

    /// Fails unless the response is this error in the service's form, `{"detail":"…"}`, with a request id.
    static func expectError(
        _ response: Response, _ status: Int, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(response.status == status, comment, sourceLocation: location)
        #expect(response["Content-Type"] == "application/json", comment, sourceLocation: location)
        #expect(response["Content-Length"] == "\(response.body.count)", comment, sourceLocation: location)
        let json = try response.json()
        #expect(Array(json.keys) == ["detail"], comment, sourceLocation: location)
        #expect((json["detail"] as? String)?.isEmpty == false, comment, sourceLocation: location)
        try expectRequestID(response, comment, at: location)
    }

    /// Fails unless both headers carry the same valid id.
    static func expectRequestID(
        _ response: Response, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
    ) throws {
        let id = try #require(response["X-Ms-Request-Id"], comment, sourceLocation: location)
        #expect(response["X-Request-Id"] == id, comment, sourceLocation: location)
        #expect(id.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil, comment, sourceLocation: location)
    }

    /// Whether the text is a version 4 UUID in lower case (RFC 9562).
    static func isFreshID(_ id: String?) -> Bool {
        id?.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
    }

    /// A body in which every item is an error: small to send, with a large response.
    static let manyFailures = "[" + Array(repeating: "1", count: 100).joined(separator: ",") + "]"

    /// The sample, with blanks after it until it has this many bytes.
    static func sample(bytes: Int) -> [UInt8] {
        let sample = Array(ServerProcess.sample.utf8)
        return sample + Array(repeating: UInt8(ascii: " "), count: max(0, bytes - sample.count))
    }

    /// A body in chunks of this many bytes, with the last chunk.
    static func chunked(_ body: [UInt8], size: Int) -> [UInt8] {
        let chunks = stride(from: 0, to: body.count, by: size).flatMap { start in
            let chunk = body[start..<min(start + size, body.count)]
            return Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
        return chunks + Array("0\r\n\r\n".utf8)
    }

    /// Runs curl.
    ///
    /// - Returns: its exit code and the response, or with `-v` the whole conversation.
    static func curl(_ arguments: String...) throws -> (exitCode: Int32, output: String, conversation: String) {
        let curl = try ChildProcess.run("curl", ["--silent", "--max-time", "30"] + arguments)
        return (curl.exitCode, curl.output, conversation: curl.error)
    }
}

extension ServerProcess {
    /// The memory that the process has in use, in bytes.
    func residentBytes() throws -> Int {
        let text = try ChildProcess.run("ps", ["-o", "rss=", "-p", "\(processID)"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return try #require(Int(text), "\(text)") << 10
    }
}
