import ArgumentParser
import Files
import LatencyAnalyzer

/// `bungalow query`: one SQL query on a file of calls or records.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Runs one SQL query on a file of analyze --sqlite or report --sqlite and prints a table.",
        discussion: """
            From analyze: the table calls (pod, time, request_id, scoring_ms, status, bytes) and the views \
            percentiles_per_minute, throughput_per_minute, slowest_calls. From report: the table records (client, time, \
            record, payload_bytes, success, attempts, response, total_ms, service_ms) and the views \
            success_per_client, errors_per_client. The file is only read.
            """)

    @Argument(help: "The SQLite file.", completion: .file()) var file: String
    @Argument(help: "One SELECT.") var sql: String
    @Option(help: "The most rows to print.") var limit = 1000

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit \(limit) is not allowed: use a number from 1 on.") }
    }

    func run() throws {
        let answer = try CallQuery(path: file, sql: sql, limit: limit)
        try StandardOutput.say(answer.text)
        if answer.isCut { StandardError.say("Only the first \(limit) rows; --limit shows more.") }
    }
}
