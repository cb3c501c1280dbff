import ArgumentParser
import Files
import Foundation
import LoadReport

/// `bungalow report`: from the files of load tests to one page and a verdict on each claim.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Joins the results of load tests on time into one page, with a verdict on each claim.",
        discussion: """
            Reads these files, recognized by their content: proofs of runs (*.run.json), k6's summaries and its JSON and CSV streams, \
            Locust's CSV files and JSON, siege's log and output, CSV results of JMeter and Azure Load Testing, history.csv, \
            timing.csv and scaling.csv of the throughput tool, clients' records, results of analyze (text or JSON), \
            CSV of monitor; each also as .gz. Other files are listed and left out.

            PROVEN: numbers taken independently of each other agree. VOID: they differ, or requests or checks failed. \
            UNPROVEN: one is missing, for example if a log or a stream is the only count.
            """)

    @Argument(
        help: ArgumentHelp("The folder with the files; subfolders are read too.", valueName: "dir"),
        completion: .directory)
    var folder: String

    @Option(
        help: ArgumentHelp("The page; by default report.html in the folder.", valueName: "file"),
        completion: .file())
    var html: String?

    @Option(
        help: ArgumentHelp("Store every client's records in an SQLite file, each once.", valueName: "file"),
        completion: .file())
    var sqlite: String?

    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times (siege, timing.csv), such as Europe/Berlin; default: this machine's.",
            valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "Compare with the runs of this folder: p50, p95, p99, rate and CPU of each tool and cache rate.",
            valueName: "dir"), completion: .directory)
    var against: String?

    @Option(
        help: ArgumentHelp(
            """
            Exit with 3 if this is met, with 65 if it cannot be judged; may be repeated. A metric (p50, p90, p95, p99, \
            mean, rate, cpu, rejected, failed, hits), > or <, and a limit: +10% against the baseline, 250ms as measured.
            """, valueName: "condition"))
    var failIf: [String] = []

    @Option(
        help: ArgumentHelp(
            "The conditions must not be met in any stretch of this length, such as 30s.", valueName: "seconds"))
    var window: String?

    @Option(help: ArgumentHelp("The seed of the random draws for the intervals.", valueName: "number"))
    var seed: UInt64 = 1

    func validate() throws {
        if against?.isEmpty == true { throw ValidationError("--against is empty: name the baseline's folder.") }
        if window != nil, windowSeconds == nil {
            throw ValidationError(
                "--window \(window ?? "") is not a length: use seconds or minutes, such as 30s or 2m.")
        }
        if window != nil, failIf.isEmpty {
            throw ValidationError("--window applies to the conditions of --fail-if, but none is given.")
        }
        if folder.isEmpty { throw ValidationError("The folder has no name; use . for the current folder.") }
        if sqlite?.isEmpty == true { throw ValidationError("--sqlite is empty: give a name.") }
        if let timeZone, TimeZone(identifier: timeZone) == nil {
            throw ValidationError(
                "--time-zone \(timeZone) is not a time zone: use a name such as UTC or Europe/Berlin.")
        }
    }

    private var windowSeconds: Double? {
        guard let match = window?.wholeMatch(of: #/([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m)/#), let number = Double(match.1),
            number > 0
        else { return nil }
        return match.2 == "m" ? number * 60 : number
    }

    private func conditions() throws -> [Condition] {
        let conditions = try failIf.map(Condition.init)
        if against == nil, let one = zip(failIf, conditions).first(where: \.1.isRelative) {
            throw OperatorError(.request, "--fail-if '\(one.0)' needs a baseline: name its folder with --against")
        }
        return conditions
    }

    /// The folder's zone, if one is named, else this machine's.
    private var zone: TimeZone { timeZone.flatMap(TimeZone.init(identifier:)) ?? .current }

    private func baseline(of results: URL, outputs: [String]) throws -> LoadEvidence? {
        guard let against else { return nil }
        let url = URL(filePath: against, directoryHint: .isDirectory).standardizedFileURL
        let paths = [url, results].map { $0.resolvingSymlinksInPath().path + "/" }
        // Subfolders are read, too, so one folder's runs would be among the other's.
        guard !paths[0].hasPrefix(paths[1]), !paths[1].hasPrefix(paths[0]) else {
            throw OperatorError(
                .request,
                "--against \(against) and the results share a folder; put each in a folder of its own, side by side")
        }
        let evidence = try LoadFolder(path: url.path, zone: zone, outputs: outputs).read()
        for line in evidence.skipped { StandardError.say("Not read in the baseline: \(line)") }
        guard !evidence.runs.isEmpty else {
            throw OperatorError(.input, "\(against) holds no runs of load tests to compare with")
        }
        return evidence
    }

    func run() throws {
        let conditions = try conditions()
        let url = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
        let page = html ?? url.appending(path: "report.html").path
        let file = try OutputFile(path: page)
        if let sqlite, try file.isSame(as: OutputFile(path: sqlite)) {
            throw OperatorError(.request, "\(page) would be both the page and the SQLite file: name two files")
        }
        let source = try LoadFolder(
            path: url.path, zone: zone, outputs: [page] + [sqlite].compactMap(\.self))
        let evidence = try source.read(into: try sqlite.map(RecordDatabase.init(path:)))
        for line in evidence.skipped { StandardError.say("Not read: \(line)") }
        guard !evidence.isEmpty else {
            throw OperatorError(
                .input, "\(folder) holds no results of load tests; bungalow report --help names the kinds")
        }
        let baseline = try baseline(of: url, outputs: [page])
        let comparison = baseline.map { Comparison(evidence, against: $0, named: against ?? "", seed: seed) }
        let gate =
            conditions.isEmpty
            ? nil : Gate(conditions, windowSeconds: windowSeconds, evidence, against: baseline, comparison)
        let name = url.lastPathComponent
        try file.write(Data(LoadPage(evidence, name: name, comparison, gate).html.utf8))
        try StandardOutput.write(LoadSummary(evidence, name: name, comparison, gate).text)
        StandardError.say("Page in \(page)")
        switch gate?.outcome {
        case .failed: throw ExitCode(3)
        case .unjudged: throw ExitCode(65)
        case .passed, nil: break
        }
    }
}
