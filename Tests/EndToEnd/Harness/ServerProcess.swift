import Foundation
import TestSupport
import Testing

/// The built server as a real process on a free port, ended when the test releases it.
final class ServerProcess {
    /// Its port.
    let port: Int
    private let child: ChildProcess

    /// Starts the server and waits until it logs where it listens.
    ///
    /// - Parameters:
    ///   - arguments: its flags; the port is chosen here, and the cache is off unless named.
    ///   - environment: variables in addition to an environment without any of the server's. It waits longer for the
    ///     cache than by default, so that a busy machine turns no HIT into a BYPASS.
    ///   - logPath: a file or pipe for stdout; nil to collect the log here.
    init(_ arguments: [String] = [], environment: [String: String] = [:], logTo logPath: String? = nil) throws {
        let cache =
            arguments.contains("--cache-url") || environment.keys.contains { ["CACHE_URL", "REDIS_URL"].contains($0) }
        let environment = environment.merging(["CACHE_DEADLINE_MS": "3000"]) { named, _ in named }
        let all = ["--port", "0", "--drain-delay-seconds", "0"] + (cache ? [] : ["--cache-url", "off"]) + arguments
        if let logPath {
            let script = #"log=$1; shift; exec "$0" "$@" >"$log""#
            child = try ChildProcess(
                "sh", ["-c", script, Self.binary.path, logPath] + all, environment: environment)
        } else {
            child = try ChildProcess(Self.binary.path, all, environment: environment)
        }
        let line = try child.standardError.waitForLine(containing: "Bungalow listens on http://")
        port = try #require(Int(line.reversed().prefix { $0.isNumber }.reversed().map(String.init).joined()))
    }

    /// Runs the server with flags that end it at once.
    ///
    /// - Returns: its exit code and what it wrote.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (exitCode: Int32, output: String, error: String) {
        try ChildProcess.run(binary.path, arguments, environment: environment)
    }

    /// The binary that the package's build has put beside the tests.
    static var binary: URL {
        Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "bungalow-server")
    }

    /// The process's id, for signals.
    var processID: Int32 { child.processID }

    /// The scoring log so far; complete after `stop()`.
    var log: String { child.standardOutput.text() }

    /// The server's own messages so far.
    var messages: String { child.standardError.text() }

    /// Waits for a message on stderr.
    @discardableResult
    func waitForMessage(_ part: String) throws -> String { try child.standardError.waitForLine(containing: part) }

    /// Waits until the log holds this many lines with the text.
    func waitForLog(_ part: String, count: Int) throws {
        try child.standardOutput.wait { $0.components(separatedBy: part).count > count }
    }

    /// Opens a connection.
    func connect() throws -> Connection { try Connection(port: port) }

    /// One request on a connection of its own.
    func call(
        _ method: String, _ path: String, headers: [String] = [], body: String? = nil
    ) throws -> Response {
        try call(method, path, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    /// One request on a connection of its own.
    func call(_ method: String, _ path: String, headers: [String] = [], bytes: [UInt8]?) throws -> Response {
        let connection = try connect()
        try connection.send(method, path, headers: headers, body: bytes)
        return try connection.response(to: method)
    }

    /// `POST /predict` on a connection of its own.
    func predict(_ body: String, headers: [String] = []) throws -> Response {
        try call("POST", "/predict", headers: headers, body: body)
    }

    /// Sends a signal.
    func signal(_ number: Int32) { child.signal(number) }

    /// Ends the server as a cluster does.
    ///
    /// - Returns: its exit code.
    @discardableResult
    func stop() throws -> Int32 {
        signal(SIGTERM)
        return try waitForExit()
    }

    /// Waits until the server has ended.
    ///
    /// - Returns: its exit code.
    func waitForExit() throws -> Int32 { try child.waitForExit() }

    /// The original service's sample of four records.
    static let sample = """
        [{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,"Population":322,"AveOccup":2.55,"Latitude":37.88,\
        "Longitude":-122.23},{"MedInc":2.3252,"HouseAge":20,"AveRooms":2.98,"AveBedrms":1.02,"Population":322,\
        "AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23},{"MedInc":3.3252,"HouseAge":12,"AveRooms":4.5,\
        "AveBedrms":3.02,"Population":322,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23},{"MedInc":4.3252,\
        "HouseAge":42,"AveRooms":6.98,"AveBedrms":2.02,"Population":123,"AveOccup":2.55,"Latitude":37.88,\
        "Longitude":-122.23}]
        """

    /// One valid record as JSON, made unique by its MedInc.
    static func record(medInc: Double = 8.3252) -> String {
        """
        {"MedInc":\(medInc),"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,"Population":322,"AveOccup":2.55,\
        "Latitude":37.88,"Longitude":-122.23}
        """
    }
}
