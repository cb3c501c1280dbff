import Bytes
import Foundation
import ScoringLog

/// What a file without a readable request is, and the command that produces a log.
enum LogKind {
    /// A sentence without a full stop, to follow "FILE holds no readable request: ".
    ///
    /// - Parameters:
    ///   - sample: the beginning of the file.
    ///   - name: the file's, for the command.
    static func sentence(of sample: [UInt8], name: String) -> String {
        if sample.isEmpty { return "it is empty; kubectl logs POD --tail=-1 > POD.txt writes a pod's log" }
        if sample.allSatisfy({ $0 == 0 }) {
            return "it holds only zero bytes, as after a crash or a full disk; \(logs)"
        }
        if sample.allSatisfy({ $0 <= .space }) { return "it holds only blanks and empty lines; \(logs)" }
        let text = String(decoding: sample.prefix(16_384), as: UTF8.self)
        return binary(sample, name) ?? kubernetes(text) ?? otherTool(text) ?? prefix(in: sample, name)
            ?? json(text, name) ?? lines(text)
    }

    private static func binary(_ sample: [UInt8], _ name: String) -> String? {
        let kinds: [([UInt8], String)] = [
            (Array("PK\u{3}\u{4}".utf8), "it is a zip archive; unzip -p \(name) | bungalow analyze --files -"),
            ([0x28, 0xB5, 0x2F, 0xFD], "it is compressed with zstd; zstd -dc \(name) | bungalow analyze --files -"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "it is compressed with xz; xz -dc \(name) | bungalow analyze --files -"),
            (Array("BZh".utf8), "it is compressed with bzip2; bzip2 -dc \(name) | bungalow analyze --files -"),
            ([0x1F, 0x8B], "it is compressed twice with gzip; gzip -dc \(name) | bungalow analyze --files -"),
            ([0x37, 0x7A, 0xBC, 0xAF], "it is a 7z archive; unpack it and name the logs in it"),
            (
                Array("LPKSHHRH".utf8),
                "it is systemd's journal; journalctl --file \(name) -o cat > log.txt writes its lines"
            ),
            (Array("SQLite format 3".utf8), "it is an SQLite file; bungalow query asks it"),
            (Array("%PDF".utf8), "it is a PDF"), ([0x7F, 0x45, 0x4C, 0x46], "it is a program"),
            ([0x89, 0x50, 0x4E, 0x47], "it is a picture"),
        ]
        if let kind = kinds.first(where: { sample.starts(with: $0.0) }) { return kind.1 }
        guard isTar(sample) else { return nil }
        return "it is a tar archive; tar -xf \(name) unpacks it, and tar -xOf \(name) LOG | bungalow analyze --files - "
            + "reads one of its logs"
    }

    /// Whether the text is a tar archive: its members could be mistaken for one log.
    static func isTar(_ sample: some RandomAccessCollection<UInt8>) -> Bool {
        sample.count > 262 && sample.dropFirst(257).prefix(5).elementsEqual("ustar".utf8)
    }

    static let logs = "kubectl logs POD --tail=-1 > POD.txt writes the log"

    private static func kubernetes(_ text: String) -> String? {
        if text.contains(#/"kind": ?"(Pod|PodList|List|Deployment)"/#) {
            return "it is Kubernetes' description of objects in JSON; \(logs)"
        }
        if text.hasPrefix("apiVersion:") || text.contains("\nkind: ") { return "it is a Kubernetes manifest; \(logs)" }
        if text.hasPrefix("NAME ") && text.contains("READY") { return "it is the list of kubectl get; \(logs)" }
        if text.hasPrefix("Name:"), text.contains("\nNamespace:") {
            return "it is the text of kubectl describe; \(logs)"
        }
        if text.hasPrefix("LAST SEEN") { return "it is the list of kubectl get events; \(logs)" }
        for line in text.split(whereSeparator: \.isNewline) {
            if let message = Array(line.utf8).withUnsafeBytes({ ToolMessage(in: $0) }) {
                return "it is \(message.kind) \"\(message.text.printable())\"; \(message.advice)"
            }
        }
        return nil
    }

    private static func otherTool(_ text: String) -> String? {
        if text.contains("# TYPE bungalow_") || text.hasPrefix("# HELP") {
            return "it is the text of /metrics; give it with --metrics"
        }
        let head = text.prefix(200).lowercased()
        if head.contains("<!doctype html") || head.contains("<html") {
            return "it is a page, as of a portal or a failed download; save the log itself"
        }
        if text.hasPrefix("      Date & Time") || text.contains("Elap Time") {
            return "it is siege's log; bungalow report reads it"
        }
        if text.hasPrefix("Type,Name,Request Count") || text.contains(#""http_reqs""#) {
            return "it is a result of a load test; bungalow report reads it"
        }
        return nil
    }

    private static func lines(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        let header = lines.first?.split(separator: ",").map { $0.trimmingCharacters(in: ["\"", " ", "\r"]) } ?? []
        if header.contains(where: { $0.hasPrefix("TimeGenerated") }) {
            return "it is a table of Azure Log Analytics without the column LogMessage or LogEntry; export the query "
                + "ContainerLogV2 | project TimeGenerated, PodName, LogMessage"
        }
        if lines.allSatisfy({ $0.contains(#/^[0-9-]{10}T[0-9:]{8}[-+][0-9]{4} [a-z]+ bungalow(?:-server)?: /#) }) {
            return "it has only the server's own messages, which go to standard error; the scoring log goes to "
                + "standard output, and is empty before the first request, or with SCORING_LOG=off"
        }
        if text.contains(#/INFO: +[0-9.]+:[0-9]+ - "/#) {
            return "it is uvicorn's access log, which has no scoring times; take the log of the container that scores"
        }
        if text.contains(#/ - [^ ]+ \[[0-9]{2}\/[A-Z][a-z]{2}\/[0-9]{4}:[0-9:]{8} [-+][0-9]{4}\] "/#) {
            return "it is an access log of other clients, as of a gateway; take the log of the container that scores"
        }
        return "it is text, but not a scoring log of plain text, such as of another container or with SCORING_LOG=off; "
            + "kubectl logs POD -c CONTAINER --tail=-1 > POD.txt writes the log of another container"
    }

    private static func json(_ text: String, _ name: String) -> String? {
        let start = text.first { !$0.isWhitespace }
        guard start == "{" || start == "[" else { return nil }
        if text.contains(#""request_id":"#), text.contains(#""route":"#) {
            let filter = start == "[" ? "'.[]'" : "."
            return "it is the log of SCORING_LOG=json without one request a line, as jq prints it; "
                + "jq -c \(filter) \(name) | bungalow analyze --files -"
        }
        return "it is JSON, but neither that of SCORING_LOG=json, of Docker's files, of stern nor of Azure; \(logs)"
    }
}
