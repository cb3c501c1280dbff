import Foundation
import Testing

/// One reading of `/metrics`: each series with its value.
struct MetricsScrape {
    let values: [String: Double]

    init(_ text: String) throws {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "), "\(line)")
            let number = String(line[line.index(after: space)...])
            let value: Double = try #require(Double(number), "\(line)")
            values[String(line[..<space])] = value
        }
        self.values = values
    }

    /// A series of the service's own, without its prefix; 0 if it is missing.
    subscript(series: String) -> Int { Int(values["bungalow_" + series] ?? 0) }

    var inFlight: Int { self["in_flight_requests"] }
    var queued: Int { self["queued_requests"] }

    /// How many requests were rejected for a reason.
    func rejected(_ reason: String) -> Int { self["rejected_requests_total{reason=\"\(reason)\"}"] }

    /// The series with this prefix that have changed since another reading, and by how much.
    func changes(since before: MetricsScrape, in family: String) -> [String: Int] {
        var changes: [String: Int] = [:]
        for series in values.keys where series.hasPrefix("bungalow_" + family) {
            let change = Int(values[series] ?? 0) - Int(before.values[series] ?? 0)
            if change != 0 { changes[String(series.dropFirst("bungalow_".count))] = change }
        }
        return changes
    }
}

extension ServerProcess {
    /// Reads `/metrics` once, on a connection of its own.
    func metrics() throws -> MetricsScrape {
        let response = try call("GET", "/metrics", body: nil)
        #expect(response.status == 200)
        return try MetricsScrape(response.text)
    }

    /// Reads `/metrics` until the condition holds.
    @discardableResult
    func waitForMetrics(
        at location: SourceLocation = #_sourceLocation, _ isAsWanted: (MetricsScrape) -> Bool
    ) throws -> MetricsScrape {
        let connection = try connect()
        let deadline = Date().addingTimeInterval(30)
        while true {
            try connection.send("GET", "/metrics")
            let scrape = try MetricsScrape(connection.response(to: "GET").text)
            if isAsWanted(scrape) { return scrape }
            let own = scrape.values.filter { $0.value != 0 && !$0.key.contains("_bucket") }
            try #require(Date() < deadline, "timed out: \(own)", sourceLocation: location)
        }
    }

    /// Sends a request that needs the model, on a connection of its own, and does not read the response.
    func begin(_ path: String = "/test") throws -> Connection {
        let connection = try connect()
        try connection.send("GET", path)
        return connection
    }
}
