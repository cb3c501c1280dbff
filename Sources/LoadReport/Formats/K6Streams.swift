import Bytes
import Files
import Foundation

/// k6's stream of points as lines of JSON.
enum K6JSONStream {
    private struct Line: Decodable {
        let type, metric: String
        let data: Payload

        struct Payload: Decodable {
            let time: Instant?
            let value: Double?
            let tags: Tags?
            let thresholds: [String]?
        }

        struct Tags: Decodable {
            let check, status, expectedResponse: String?

            private enum CodingKeys: String, CodingKey {
                case check, status, expectedResponse = "expected_response"
            }
        }
    }

    /// Whether the line is one of a stream, whole or cut.
    static func isLine(_ line: Substring) -> Bool {
        line.contains(#/"type"\s*:\s*"(Point|Metric)"/#) && line.contains("\"metric\"") && line.contains("\"data\"")
    }

    static func read(_ file: InputFile) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var points = K6Points()
        let decoder = JSONDecoder()
        let losses = try TextLines.read(file.text) { _, line in
            let line = line.trimmed { $0.isBlank || $0 == .carriageReturn }
            guard !line.isEmpty else { return true }
            guard line.first == UInt8(ascii: "{"), line.last == UInt8(ascii: "}") else { return false }
            // Nine of ten points are of other metrics.
            guard isNeeded(line) else { return true }
            guard let found = try? decoder.decode(Line.self, from: Data(line)) else { return false }
            if found.type == "Metric" {
                for expression in found.data.thresholds ?? [] { points.add(threshold: expression, of: found.metric) }
                return true
            }
            guard found.type == "Point", let time = found.data.time, let value = found.data.value else { return false }
            let tags = found.data.tags
            points.add(
                K6Points.Point(
                    metric: found.metric, time: time, value: value, check: tags?.check,
                    isExpected: tags?.expectedResponse.flatMap { Bool($0) }, status: tags?.status))
            return true
        }
        return (try points.run(of: file, .k6JSONStream), losses)
    }

    private static func isNeeded(_ line: UnsafeRawBufferPointer) -> Bool {
        line.contains("\"http_reqs\"") || line.contains("\"http_req_duration\"") || line.contains("\"http_req_failed\"")
            || line.contains("\"checks\"") || line.contains("\"vus\"") || line.contains("\"Metric\"")
    }
}

/// k6's stream of points as CSV; its times are seconds since 1970, or what `timeFormat` says.
enum K6CSVStream {
    static func read(_ file: InputFile, _ layout: TableLayout) throws -> (run: LoadRun, losses: RecordReader.Losses) {
        var points = K6Points()
        let losses = try RecordReader.readTable(file.text, layout) { columns, row in
            guard let metric = columns.text("metric_name", in: row) else { return false }
            guard let value = columns.number("metric_value", in: row),
                let time = columns.text("timestamp", in: row).flatMap(Instant.init(epochOrText:))
            else { return false }
            guard K6Points.metrics.contains(metric) else { return true }
            points.add(
                K6Points.Point(
                    metric: metric, time: time, value: value, check: columns.text("check", in: row),
                    isExpected: columns.text("expected_response", in: row).flatMap { Bool($0) },
                    status: columns.text("status", in: row)))
            return true
        }
        return (try points.run(of: file, .k6CSVStream), losses)
    }
}

extension Instant {
    /// RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since 1970, by their size.
    init?(epochOrText text: String) {
        guard let number = Double(text) else {
            self.init(rfc3339: text)
            return
        }
        let unit = [(1e17, 1e9), (1e14, 1e6), (1e11, 1e3)].first { number.magnitude >= $0.0 }?.1 ?? 1
        self.init(seconds: number / unit)
    }
}
