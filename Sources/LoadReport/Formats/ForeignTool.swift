import Bytes

/// Results of tools that are not supported: each is named, with what to do instead.
enum ForeignTool {
    private static let measureAgain =
        "it has no count that another one could confirm, so it is not read; measure with loadtest/cache-rate (k6), "
        + "Locust, siege or JMeter"

    /// A description of a file in no supported format; nil if that is unknown, too.
    ///
    /// - Parameter head: its first lines.
    static func description(head: String) -> String? {
        let start = head.trimmed
        let bytes = Array(head.utf8)
        let has = { (parts: String...) in
            bytes.withUnsafeBytes { bytes in parts.allSatisfy { bytes.contains(text: $0) } }
        }
        return tools.first { $0.isOutput(start, has) }?.description
    }

    private typealias Has = (String...) -> Bool
    private typealias Tool = (isOutput: @Sendable (String, Has) -> Bool, description: String)

    private static let tools: [Tool] = [
        ({ _, has in has("Summary:", "Success rate:", "Slowest:") }, "output of oha: \(measureAgain)"),
        (
            { start, has in start.hasPrefix("{") && has("\"successRate\"", "\"slowest\"") },
            "JSON of oha: \(measureAgain)"
        ),
        ({ _, has in has("Summary:", "Slowest:", "Requests/sec:") }, "output of hey: \(measureAgain)"),
        ({ start, _ in start.hasPrefix("response-time,DNS+dialup") }, "CSV of hey: \(measureAgain)"),
        ({ start, _ in start.hasPrefix("This is ApacheBench") }, "output of ab: \(measureAgain)"),
        ({ start, _ in start.hasPrefix("starttime\tseconds\tctime") }, "a table of ab (-g): \(measureAgain)"),
        ({ start, _ in start.hasPrefix("Percentage served,Time in ms") }, "a table of ab (-e): \(measureAgain)"),
        ({ start, has in start.hasPrefix("Running ") && has(" test @ ") }, "output of wrk: \(measureAgain)"),
        (
            { start, has in start.hasPrefix("Requests ") && has("[total, rate") },
            "a report of vegeta: \(measureAgain)"
        ),
        (
            { start, has in start.hasPrefix("{") && has("\"latencies\"", "\"bytes_in\"") },
            "a report of vegeta: \(measureAgain)"
        ),
        (
            { start, has in start.hasPrefix("{\"attack\":") && has("\"latency\":") },
            "results of vegeta: \(measureAgain)"
        ),
        ({ start, _ in start.prefixMatch(of: #/\d{19},\d{1,3},\d+,/#) != nil }, "results of vegeta: \(measureAgain)"),
        (
            { start, _ in start.prefixMatch(of: #/(NAMESPACE +|POD +)?NAME +CPU\(cores\)/#) != nil },
            "a snapshot of kubectl top, which has no time: record with bungalow monitor while a test runs"
        ),
        (
            { start, has in start.hasPrefix("<") && has("<testResults") },
            "JMeter's results as XML, which are not read: run it with -Jjmeter.save.saveservice.output_format=csv"
        ),
        (
            { start, _ in start.prefixMatch(of: #/\d{13}[,;\t]\d+[,;\t]/#) != nil },
            "rows of JMeter without titles, whose columns are unknown: run it with "
                + "-Jjmeter.save.saveservice.print_field_names=true"
        ),
        (
            { start, has in start.hasPrefix("<") && (has("Locust") || has("locust")) },
            "Locust's page for people: download its CSV files, or run it with --csv NAME"
        ),
        (
            { _, has in
                has("# reqs", "# fails", "|") || has("Response time percentiles (approximated)")
                    || has("locust.main: Starting Locust")
            },
            "Locust's text for people: run it with --csv NAME"
        ),
        (
            { _, has in has("Created the tree successfully using") || has("summary =", " Avg: ", " Err: ") },
            "JMeter's text for people: run it with -l NAME.jtl"
        ),
        (
            { _, has in has("http_req_duration", "....:") || has("█ TOTAL RESULTS") || has("█ THRESHOLDS") },
            "k6's text for people: run it with --summary-export=NAME.json or --out csv=NAME.csv"
        ),
    ]
}

extension UnsafeRawBufferPointer {
    /// Whether a text's bytes are among these.
    fileprivate func contains(text: String) -> Bool {
        var text = text
        return text.withUTF8 { part in
            guard let first = part.first else { return true }
            var start = 0
            while let place = position(of: first, from: start), place + part.count <= count {
                if self.part(place..<place + part.count).elementsEqual(part) { return true }
                start = place + 1
            }
            return false
        }
    }
}
