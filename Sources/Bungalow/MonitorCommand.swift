import ArgumentParser
import Cluster
import Files
import Foundation

/// `bungalow monitor`: what pods reserve and use while a test runs, as CSV.
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Writes what selected pods reserve and use to a CSV, and adds it up in core-hours and GiB-hours.",
        discussion: "The use comes from the metrics server; if it does not respond, these cells stay empty.")

    @Option(help: ArgumentHelp("How long; Ctrl-C ends it early.", valueName: "seconds")) var duration: Double
    @Option(help: ArgumentHelp("Time between samples.", valueName: "seconds")) var interval = 5.0
    @Option(help: ArgumentHelp("The CSV.", valueName: "file"), completion: .file()) var output: String
    @Option(help: ArgumentHelp("Which pods, by label: app=bungalow.", valueName: "labels")) var selector: String
    @Option(help: "Their namespace.") var namespace = "default"
    @Option(help: "Which container counts; each pod's default one if none is named.") var container: String?
    @Option(help: "The kubectl context; the current one if none is named.") var context: String?

    // How long to wait for the API server's last response.
    private static let grace = Duration.seconds(1)

    func validate() throws {
        guard duration > 0, duration <= Double(ClusterSource.maximumSeconds) else {
            throw ValidationError("--duration must be more than 0 and at most \(ClusterSource.maximumSeconds) seconds.")
        }
        guard 0.1...86_400 ~= interval else {
            throw ValidationError("--interval must be from 0.1 to 86400 seconds.")
        }
        for (option, text) in [("--selector", selector), ("--namespace", namespace), ("--output", output)]
        where text.isEmpty {
            throw ValidationError("\(option) is empty: give labels such as app=bungalow, a namespace, a file.")
        }
    }

    func run() async throws {
        let file = try OutputFile(path: output)
        let monitor = ResourceMonitor(
            Cluster(context: context), namespace: namespace, selector: selector, container: container)
        let totals = try await untilInterrupted { try await watch(monitor, file) }
        try StandardOutput.say(totals.text)
    }

    private func watch(_ monitor: ResourceMonitor, _ output: OutputFile) async throws -> ResourceMonitor.Totals {
        let file = try LineFile(output)
        let begin = ContinuousClock.now
        let end = begin + .seconds(duration)
        var totals = ResourceMonitor.Totals()
        var next = begin
        var (samples, failures) = (0, 0)
        var (warning, lastFailure): (String?, String?)
        while ContinuousClock.now < end, !Task.isCancelled {
            do {
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                let sample = try await monitor.sample(at: seconds, waitingUntil: end + Self.grace)
                totals.add(sample)
                if samples == 0 { try file.append(ResourceMonitor.header) }
                try file.append(sample.row)
                StandardError.say(sample.summary)
                if sample.warning != warning, let text = sample.warning { StandardError.say("Warning: \(text)") }
                (warning, lastFailure) = (sample.warning, nil)
                samples += 1
            } catch let error as OperatorError where error.kind == .cluster {
                if samples == 0, error.isMissingRight { throw error }
                // The API server may be back for the next sample.
                if !Task.isCancelled {
                    failures += 1
                    if error.description != lastFailure { StandardError.say(error.description) }
                    lastFailure = error.description
                }
            } catch is CancellationError {
                break
            }
            next = max(next + .seconds(interval), ContinuousClock.now)
            try? await Task.sleep(until: min(next, end), clock: .continuous)
        }
        totals.end(at: (min(ContinuousClock.now, end) - begin) / .seconds(1))
        if failures > 0 { StandardError.say("\(failures) samples are missing; the reasons are above.") }
        if samples == 0, failures > 0 { throw OperatorError(.cluster, "no sample could be taken; see above for why") }
        return totals
    }
}
