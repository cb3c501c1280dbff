package import Foundation

/// Logs as people have saved them: the kinds of text that users of other tools have reported.
package enum SavedLogs {
    /// The path of a file in `Vectors/Logs`.
    package static func path(_ name: String) throws -> String {
        guard let url = Bundle.module.resourceURL?.appending(path: "Vectors/Logs/\(name)") else {
            throw CocoaError(.fileNoSuchFile)
        }
        return url.path
    }

    /// The bytes as gzip.
    package static func gzip(_ data: Data) throws -> Data {
        let folder = try TemporaryFolder()
        let path = try folder.write(data, to: "plain")
        let child = try ChildProcess("gzip", ["-n", path])
        guard try child.waitForExit() == 0 else { throw ChildProcess.Failure("gzip: \(child.standardError.text())") }
        return try Data(contentsOf: folder.url.appending(path: "plain.gz"))
    }
}
