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
    /// Opens something on the descriptors of closed streams, so that no file gets one of them, and with it our output.
    static func occupy() {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) == -1 {
            // Opened in the wrong direction, so that using it still fails. open(2) takes the lowest free descriptor.
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}

/// Progress and errors, for people; results go to stdout.
enum StandardError {
    /// Failing to write does not stop the work.
    static func say(_ line: String) { _ = try? FileDescriptor.standardError.writeAll(Data("\(line)\n".utf8)) }
}

/// Results and questions, unbuffered: `print` would hold back a question until its line ends.
enum StandardOutput {
    static func say(_ line: String) throws { try write("\(line)\n") }

    static func write(_ text: String) throws { try write(Data(text.utf8)) }

    /// - Throws: `OperatorError` if the output is lost; a silent `ExitCode` if the reader has closed the pipe, as `head` does.
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
