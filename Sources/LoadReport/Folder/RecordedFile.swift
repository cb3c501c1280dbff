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
        sha256 = hash.digest.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// `prediction.json` of `bungalow simulate --recording`, not yet held against the files beside it.
struct FoundPrediction: Sendable {
    let claim: Claim
    /// What it was judged on; nil where the file does not say so.
    let recording: [RecordedFile]?

    /// - Parameters:
    ///   - folder: where the file lies.
    ///   - present: the files with results in that folder.
    /// - Returns: the claim, unproven if the recording is not the one that was judged.
    func claim(in folder: URL, present: [String]) -> Claim {
        guard let reason = reason(in: folder, present: present) else { return claim }
        return Claim(verdict: .unproven, statement: claim.statement, numbers: [reason] + claim.numbers)
    }

    private func reason(in folder: URL, present: [String]) -> String? {
        let again = "run bungalow simulate --recording again"
        guard let recording, !recording.isEmpty else {
            // What a file says against itself needs no proof.
            return claim.verdict == .proven ? "the file does not say which recording was judged: \(again)" : nil
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
