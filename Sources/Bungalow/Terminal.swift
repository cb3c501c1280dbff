import ArgumentParser
import Files
import Foundation

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Standard streams that the caller has closed.
enum ClosedStreams {
    /// Takes the numbers of closed streams, so that no file gets one of them, and with it our answers.
    static func occupy() {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) == -1 {
            // The wrong way round: using it goes on failing. The lowest free number is the one that is given.
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}

/// Progress and errors for a person; answers go to stdout.
enum StandardError {
    /// Where nobody can be told, the work goes on all the same.
    static func say(_ line: String) { _ = try? FileDescriptor.standardError.writeAll(Data("\(line)\n".utf8)) }
}

/// Answers and questions, past the buffer of `print`, which would hold a question back until its line ends.
enum StandardOutput {
    static func say(_ line: String) throws { try write("\(line)\n") }

    static func write(_ text: String) throws { try write(Data(text.utf8)) }

    /// - Throws: `OperatorError` if the answer is lost; a silent `ExitCode` if its reader has gone, as `head` does.
    static func write(_ data: Data) throws {
        do {
            _ = try FileDescriptor.standardOutput.writeAll(data)
        } catch Errno.brokenPipe {
            throw ExitCode(128 + SIGPIPE)
        } catch {
            throw OperatorError(.output, "standard output cannot be written: \(error)")
        }
    }
}
