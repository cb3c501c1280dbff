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

            PROVEN: numbers taken independently of each other agree. VOID: they differ, or calls or checks failed. \
            UNPROVEN: one is missing, as where a log or a stream is the only count.
            """)

    @Argument(
        help: ArgumentHelp("The folder with the files; subfolders are read too.", valueName: "dir"),
        completion: .directory)
    var folder: String

    @Option(
        help: ArgumentHelp("The page; report.html in the folder if none is named.", valueName: "file"),
        completion: .file())
    var html: String?

    @Option(
        help: ArgumentHelp("Store every client's records in an SQLite file; nothing twice.", valueName: "file"),
        completion: .file())
    var sqlite: String?

    @Option(
        help: ArgumentHelp(
            "The time zone of clients that log local times (siege, timing.csv), such as Europe/Berlin; default: this machine's.",
            valueName: "zone"))
    var timeZone: String?

    func validate() throws {
        if folder.isEmpty { throw ValidationError("The folder has no name; . is the one that you are in.") }
        if sqlite?.isEmpty == true { throw ValidationError("--sqlite is empty: give a name.") }
        if let timeZone, TimeZone(identifier: timeZone) == nil {
            throw ValidationError(
                "--time-zone \(timeZone) is not a time zone: use a name such as UTC or Europe/Berlin.")
        }
    }

    func run() throws {
        let url = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
        let page = html ?? url.appending(path: "report.html").path
        let file = try OutputFile(path: page)
        if let sqlite, try file.isSame(as: OutputFile(path: sqlite)) {
            throw OperatorError(.request, "\(page) is to be the page and the SQLite file: name two files")
        }
        let source = try LoadFolder(
            path: url.path, zone: timeZone.flatMap(TimeZone.init(identifier:)) ?? .current,
            outputs: [page] + [sqlite].compactMap(\.self))
        let evidence = try source.read(into: try sqlite.map(RecordDatabase.init(path:)))
        for line in evidence.skipped { StandardError.say("Not read: \(line)") }
        guard !evidence.isEmpty else {
            throw OperatorError(
                .input, "\(folder) holds no results of load tests; bungalow report --help names the kinds")
        }
        let name = url.lastPathComponent
        try file.write(Data(LoadPage(evidence, name: name).html.utf8))
        try StandardOutput.write(LoadSummary(evidence, name: name).text)
        StandardError.say("Page in \(page)")
    }
}
