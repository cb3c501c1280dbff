public import Files
import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// The kubectl in the caller's PATH, with the caller's own access; the caller's configuration is never changed.
public struct Kubectl: Sendable {
    // One context for every command, so that switching contexts in another terminal cannot mix clusters.
    private let context: String?

    private static let maximumAnswerByteCount = 256 << 20
    private static let maximumMessageByteCount = 64 << 10
    // A watch prints one object a line.
    private static let maximumLineByteCount = 16 << 20

    /// - Parameter context: nil is the current one.
    public init(context: String?) { self.context = context }

    /// How kubectl ended.
    struct Outcome: Sendable {
        let isSuccess: Bool
        let message: String
    }

    /// Reads one path of the API server directly, without kubectl's many discovery requests.
    ///
    /// - Parameter path: the API's path with its query.
    func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        try Self.decode(try await read(["get", "--raw", path, "--request-timeout=20s"]))
    }

    /// Runs kubectl and returns what it prints.
    ///
    /// - Throws: `OperatorError` with kubectl's own message if it fails.
    func read(_ arguments: [String]) async throws -> [UInt8] {
        let result = try await Self.explain {
            try await run(
                .name("kubectl"), arguments: Arguments(withContext(arguments)), input: .none,
                output: .bytes(limit: Self.maximumAnswerByteCount), error: .string(limit: Self.maximumMessageByteCount))
        }
        guard result.terminationStatus.isSuccess else {
            throw OperatorError(.cluster, KubectlMessage(result.standardError).sentence)
        }
        return result.standardOutput
    }

    /// Runs kubectl with its output in a file, and stops it when this task is cancelled or the output stalls.
    ///
    /// - Parameters:
    ///   - descriptor: of the file; it is closed.
    ///   - path: of the file, to watch its size; nil if it has none, as a pipe.
    ///   - silence: the longest time without output; nil means unlimited.
    func write(
        _ arguments: [String], to descriptor: FileDescriptor, at path: String?, silence: Duration?
    ) async throws -> Outcome {
        let ending: Outcome? = try await Self.explain {
            try await firstOf {
                let result = try await run(
                    .name("kubectl"), arguments: Arguments(withContext(arguments)), input: .none,
                    output: .fileDescriptor(descriptor, closeAfterSpawningProcess: true),
                    error: .string(limit: Self.maximumMessageByteCount))
                let message = KubectlMessage(result.standardError).sentence
                return Outcome(isSuccess: result.terminationStatus.isSuccess, message: message)
            } or: {
                try await Self.waitForSilence(at: path, of: silence)
                return nil
            }
        }
        let seconds = silence?.components.seconds ?? 0
        return ending ?? Outcome(isSuccess: false, message: "no output for \(seconds) s (--silence)")
    }

    /// Returns once a file has not grown for this long.
    private static func waitForSilence(at path: String?, of silence: Duration?) async throws {
        var (size, change) = (-1, ContinuousClock.now)
        while true {
            // Throws when the task is cancelled.
            try await Task.sleep(for: .milliseconds(500))
            guard let path, let silence else { continue }
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let found = attributes?[.size] as? Int ?? 0
            if found != size { (size, change) = (found, .now) }
            if ContinuousClock.now - change >= silence { return }
        }
    }

    /// Whether kubectl reported that the object does not exist.
    static func isNotFound(_ message: String) -> Bool { message.contains("(NotFound)") }

    /// Whether a right is missing: waiting would not help.
    static func isForbidden(_ message: String) -> Bool { message.hasPrefix(KubectlMessage.forbiddenStart) }

    static func decode<Answer: Decodable>(_ bytes: [UInt8]) throws -> Answer {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(Answer.self, from: Data(bytes))
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
            let start = String(decoding: bytes.prefix(40), as: UTF8.self).filter { !$0.isNewline }
            throw OperatorError(
                .cluster,
                "kubectl's response is not JSON, or was cut off: \(bytes.count) bytes that begin with \(start)")
        } catch {
            throw OperatorError(.cluster, "kubectl's response is not what Kubernetes documents: \(error)")
        }
    }

    private func withContext(_ arguments: [String]) -> [String] {
        context.map { ["--context", $0] + arguments } ?? arguments
    }

    private static func explain<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw OperatorError(
                .cluster,
                "kubectl is not in PATH: install it (https://kubernetes.io/docs/tasks/tools), or use files that you have"
            )
        } catch let error as SubprocessError {
            throw OperatorError(.cluster, "kubectl could not be run: \(error)")
        }
    }

    /// Runs kubectl and passes each line that it prints to `body`, without its line feed, as soon as it arrives.
    func lines(
        _ arguments: [String], _ body: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Outcome {
        var open: [UInt8] = []
        return try await stream(arguments) { bytes in
            open += bytes
            guard open.count <= Self.maximumLineByteCount else {
                throw OperatorError(.cluster, "kubectl printed a line of more than \(Self.maximumLineByteCount) bytes")
            }
            var lines = open.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            open = lines.popLast().map(Array.init) ?? []
            for line in lines where !line.isEmpty { try await body(Array(line)) }
        }
    }

    /// Runs kubectl and passes its output to `body` as soon as it arrives.
    func stream(_ arguments: [String], _ body: ([UInt8]) async throws -> Void) async throws -> Outcome {
        try await Self.explain {
            let result = try await run(
                .name("kubectl"), arguments: Arguments(withContext(arguments)), input: .none, output: .sequence,
                error: .string(limit: Self.maximumMessageByteCount)
            ) { execution in
                for try await buffer in execution.standardOutput {
                    try await body(buffer.withUnsafeBytes { Array($0) })
                }
            }
            return Outcome(
                isSuccess: result.terminationStatus.isSuccess, message: KubectlMessage(result.standardError).sentence)
        }
    }
}

extension OperatorError {
    /// Whether a right is missing in the cluster: a retry would not help.
    public var isMissingRight: Bool { kind == .cluster && Kubectl.isForbidden(description) }
}
