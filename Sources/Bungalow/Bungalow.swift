import ArgumentParser
import Foundation
import LatencyAnalyzer

/// `bungalow`: the operator's command line. Each subcommand has a file of its own.
@main
struct Bungalow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bungalow",
        abstract: "Answers about a model service under load, from its pods' logs and its cluster.",
        discussion: """
            Exit codes: 0 done; 64 the command line is wrong; 65 calls are missing from the logs (analyze); 66 a file \
            cannot be read; 69 kubectl or the cluster does not do what it is asked; 73 a file cannot be written.
            """,
        subcommands: [
            AnalyzeCommand.self, QueryCommand.self, MonitorCommand.self, PodsCommand.self, ReportCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as AnalyzerFault {
            StandardError.say("Error: \(fault.description)")
            exit(withError: ExitCode(fault.kind.exitCode))
        } catch {
            exit(withError: error)
        }
    }
}

extension AnalyzerFault.Kind {
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

/// Progress and errors for a person; answers go to stdout.
enum StandardError {
    static func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}

/// Answers and questions, past the buffer of `print`, which would hold a question back until its line ends.
enum StandardOutput {
    static func say(_ line: String) { write("\(line)\n") }

    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
