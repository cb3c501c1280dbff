import ArgumentParser
import Bytes
import Dispatch
import Platform
import Release

/// Where the program begins.
@main
enum Program {
    /// Not asynchronous: Swift's runtime opens descriptors of its own before it runs an asynchronous `main`, and would
    /// take the numbers of standard streams that are closed.
    static func main() {
        // First of all, so that every thread inherits the blocked signals.
        _ = Signals.ofProcess
        FreedMemory.keep()
        let logDescriptor = StandardStreams.secure()
        Task {
            await Server.$logDescriptor.withValue(logDescriptor) { await Server.main() }
            exit(EXIT_SUCCESS)
        }
        dispatchMain()
    }
}

/// The command `bungalow-server`: reads its configuration, then serves until a signal stops it.
struct Server: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bungalow-server",
        abstract: "Scores California houses over HTTP: POST /predict takes a batch and returns predictions.",
        discussion: """
            Each option has an environment variable of the same meaning, named in its help; the option overrides it. \
            The scoring log goes to stdout, the server's own messages to stderr.
            """,
        version: "bungalow-server \(release)")

    @OptionGroup(title: "Options") var flags: Configuration.Flags

    /// The scoring log's descriptor; -1 if it cannot be written anywhere.
    @TaskLocal static var logDescriptor = STDOUT_FILENO

    func run() async throws {
        defer { MessageStream.ofProcess.flush() }
        let configuration: Configuration
        do {
            configuration = try Configuration(flags, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw StartError.configuration.reported("\(error)")
        }
        try await Application(configuration).run(logDescriptor: Self.logDescriptor)
    }
}

/// Why the server did not start; the raw values are exit codes of sysexits.h.
enum StartError: Int32 {
    /// It cannot listen on its address.
    case unavailable = 69
    /// The machine lacks something, such as memory.
    case system = 71
    /// An option, or a file that an option names, cannot be used.
    case configuration = 78

    /// Prints the reason on stderr, in one line.
    ///
    /// - Returns: the error that ends the program with this exit code.
    func reported(_ reason: String) -> ExitCode {
        MessageStream.ofProcess.write("Error: \(reason.printable())\n")
        // Without its reason a failed start is useless, so this waits longer than usual.
        MessageStream.ofProcess.flush(within: .seconds(2))
        return ExitCode(rawValue)
    }
}
