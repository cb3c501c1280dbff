import Bytes
import Digests
package import Foundation

/// A file that a prediction was judged on, as it was then.
package struct RecordedFile: Sendable, Codable, Equatable {
    /// From the prediction's folder.
    package let path: String
    package let bytes: Int
    /// In hexadecimal digits.
    package let sha256: String

    private static let chunkByteCount = 1 << 18

    /// What the file is now; nil if it cannot be read, or is not below the folder.
    package init?(_ path: String, in folder: URL) {
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains(".."),
            let file = try? FileHandle(forReadingFrom: folder.appending(path: path))
        else { return nil }
        defer { try? file.close() }
        var (hash, count) = (SHA256(), 0)
        do {
            while let chunk = try file.read(upToCount: Self.chunkByteCount), !chunk.isEmpty {
                chunk.withUnsafeBytes { hash.update($0) }
                count += chunk.count
            }
        } catch {
            return nil
        }
        self.path = path
        bytes = count
        sha256 = hash.digest.hexadecimal
    }
}

extension SHA256.Digest {
    fileprivate var hexadecimal: String { bytes.withUnsafeBytes { String(hexadecimal: $0) } }
}

/// What `bungalow simulate --recording` found, as its file has it.
package struct PredictedVerdict: Sendable, Codable {
    package let verdict: Verdict
    package let statement: String
    package let numbers: [String]
    /// Shows that a person has changed one of the others; nil in files of older releases.
    let seal: String?

    package init(verdict: Verdict, statement: String, numbers: [String]) {
        self.verdict = verdict
        self.statement = statement
        self.numbers = numbers
        seal = Self.seal(verdict, statement, numbers)
    }

    var isAsWritten: Bool { seal == nil || seal == Self.seal(verdict, statement, numbers) }

    private static func seal(_ verdict: Verdict, _ statement: String, _ numbers: [String]) -> String {
        SHA256.hash(([verdict.rawValue, statement] + numbers).joined(separator: "\n").utf8).hexadecimal
    }

    /// The verdict, as far as the file's own numbers support it.
    var held: Verdict {
        let own = numbers.compactMap { line in Verdict.allCases.first { line.hasPrefix($0.rawValue + " ") } }
        if own.contains(.void), verdict == .proven { return .void }
        return verdict == .proven && (own.isEmpty || own.contains(.unproven)) ? .unproven : verdict
    }
}

/// `prediction.json` of `bungalow simulate --recording`, not yet compared with the files next to it.
struct FoundPrediction: Sendable {
    let found: PredictedVerdict
    /// What it was judged on; nil where the file does not say so.
    let recording: [RecordedFile]?
    private static let mostNumbers = 20

    private var claim: Claim {
        Claim(
            verdict: found.held, statement: found.statement.oneLine,
            numbers: found.numbers.prefix(Self.mostNumbers).map(\.oneLine))
    }

    /// - Parameters:
    ///   - folder: where the file lies.
    ///   - present: the files with results in that folder.
    /// - Returns: the claim, unproven if the recording is not the one that was judged.
    func claim(in folder: URL, present: [String]) -> Claim {
        let claim = claim
        guard let reason = reason(in: folder, present: present) else { return claim }
        return Claim(verdict: .unproven, statement: claim.statement, numbers: [reason] + claim.numbers)
    }

    private func reason(in folder: URL, present: [String]) -> String? {
        let again = "run bungalow simulate --recording again"
        guard found.isAsWritten else { return "the file was changed after simulate wrote it: \(again)" }
        guard let recording, !recording.isEmpty else {
            // What a file says against itself needs no proof.
            return found.held == .proven ? "the file does not say which recording was judged: \(again)" : nil
        }
        if let changed = recording.first(where: { RecordedFile($0.path, in: folder) != $0 }) {
            let exists = FileManager.default.fileExists(atPath: folder.appending(path: changed.path).path)
            return
                "\(changed.path.oneLine) \(exists ? "has changed" : "is gone") since the recording was judged: \(again)"
        }
        let judged = Set(recording.map(\.path))
        return present.first { !judged.contains($0) }.map {
            "\($0.oneLine) was not there when the recording was judged: \(again)"
        }
    }
}
