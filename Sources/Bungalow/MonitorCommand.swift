import ArgumentParser
import Foundation
import LatencyAnalyzer

/// `bungalow monitor`: what pods reserve and use while a test runs, as CSV.
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Writes what selected pods reserve and use to a CSV, and adds it up in core-hours and GiB-hours.",
        discussion: "The use comes from the metrics server; where it does not answer, these cells stay empty.")

    @Option(help: ArgumentHelp("How long; Ctrl-C ends it earlier.", valueName: "seconds")) var duration: Double
    @Option(help: ArgumentHelp("From one sample to the next.", valueName: "seconds")) var interval = 5.0
    @Option(help: ArgumentHelp("The CSV.", valueName: "file")) var output: String
    @Option(help: ArgumentHelp("Which pods, by label: app=bungalow.", valueName: "labels")) var selector: String
    @Option(help: "Their namespace.") var namespace = "default"
    @Option(help: "Which container counts; each pod's default one if none is named.") var container: String?
    @Option(help: "The kubectl context; the current one if none is named.") var context: String?

    func validate() throws {
        guard duration > 0, duration.isFinite else { throw ValidationError("--duration must be more than 0 seconds.") }
        guard interval >= 0.1, interval.isFinite else {
            throw ValidationError("--interval must be 0.1 seconds or more.")
        }
        if selector.isEmpty { throw ValidationError("--selector is empty: name labels, such as app=bungalow.") }
    }

    func run() async throws {
        try FileManager.default.write(Data("\(ResourceMonitor.header)\n".utf8), to: output)
        guard let file = FileHandle(forWritingAtPath: output) else {
            throw AnalyzerFault(.output, "\(output) cannot be written")
        }
        try file.seekToEnd()
        let monitor = ResourceMonitor(
            Cluster(context: context), namespace: namespace, selector: selector, container: container)
        let totals = try await untilInterrupted { try await watch(monitor, file) }
        print(totals.text)
    }

    private func watch(_ monitor: ResourceMonitor, _ file: FileHandle) async throws -> ResourceMonitor.Totals {
        let begin = ContinuousClock.now
        let end = begin + .seconds(duration)
        var totals = ResourceMonitor.Totals()
        var next = begin
        var (samples, failures) = (0, 0)
        while ContinuousClock.now < end, !Task.isCancelled {
            do {
                let sample = try await monitor.sample(at: (ContinuousClock.now - begin) / .seconds(1))
                totals.add(sample)
                try file.write(contentsOf: Data("\(sample.row)\n".utf8))
                StandardError.say(sample.summary)
                samples += 1
            } catch let fault as AnalyzerFault {
                // The API server may be back for the next sample.
                if !Task.isCancelled { failures += 1 }
                StandardError.say(fault.description)
            } catch is CancellationError {
                break
            }
            next = max(next + .seconds(interval), ContinuousClock.now)
            try? await Task.sleep(until: min(next, end), clock: .continuous)
        }
        totals.end(at: (min(ContinuousClock.now, end) - begin) / .seconds(1))
        if failures > 0 { StandardError.say("\(failures) samples are missing: the API server did not answer.") }
        if samples == 0, failures > 0 { throw AnalyzerFault(.cluster, "no sample could be taken; see above for why") }
        return totals
    }
}
