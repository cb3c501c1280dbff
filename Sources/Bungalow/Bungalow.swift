import ArgumentParser
import Files
import Foundation
import Release

/// `bungalow`: the operator's command line. Each subcommand has a file of its own.
@main
struct Bungalow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bungalow",
        abstract: "Reports on a model service under load, from its pods' logs and its cluster.",
        discussion: """
            Exit codes: 0 done; 64 the command line is wrong, or a result would overwrite an input; 65 the logs hold \
            fewer or more requests than expected, or none (analyze); 66 a file cannot be read; 69 kubectl or the \
            cluster fails; 73 a file or standard output cannot be written.
            """,
        version: "bungalow \(release)",
        subcommands: [
            AnalyzeCommand.self, QueryCommand.self, MonitorCommand.self, PodsCommand.self, ReportCommand.self,
            SimulateCommand.self, CalibrateCommand.self, ExplainCommand.self, RecipeCommand.self,
        ])

    static func main() async {
        ClosedStreams.occupy()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Prints the error and exits; the parser's own way would ignore a standard output that is full.
    private static func end(with error: any Error) -> Never {
        if let error = error as? OperatorError {
            StandardError.say("Error: \(error.description)")
            exit(withError: ExitCode(error.kind.exitCode))
        }
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        guard !message.isEmpty else { exit(withError: code) }
        guard code.isSuccess else {
            StandardError.say(message)
            exit(withError: code)
        }
        do {
            try StandardOutput.say(message)
        } catch {
            end(with: error)
        }
        exit(withError: code)
    }
}

extension OperatorError.Kind {
    // sysexits.h
    fileprivate var exitCode: Int32 {
        switch self {
        case .request: 64
        case .input: 66
        case .cluster: 69
        case .output: 73
        }
    }
}
