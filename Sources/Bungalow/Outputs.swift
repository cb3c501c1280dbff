import Files
import Foundation

/// Checks of the files that a command writes.
enum Outputs {
    /// Part of the first line of a patch that `recipe` wrote.
    static let patchMark = "found by bungalow recipe"
    private static let kustomizations = ["kustomization.yaml", "kustomization.yml", "Kustomization"]

    /// - Throws: `OperatorError` if a file to write is one that is read.
    static func check(files: [String?], inputs: [String?]) throws {
        let read = inputs.compactMap(\.self).filter { FileManager.default.fileExists(atPath: $0) }
        for file in files.compactMap(\.self) { _ = try OutputFile(path: file, inputs: read.map { TextFile(path: $0) }) }
    }

    /// - Throws: `OperatorError` if something would be written among the files of a recording.
    static func check(_ outputs: [(option: String, path: String?)], outside recording: String) throws {
        func place(_ path: String) -> String {
            URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
        }
        let folder = place(recording)
        for (option, path) in outputs {
            guard let path else { continue }
            guard place(path) != folder, !place(path).hasPrefix(folder + "/") else {
                throw OperatorError(
                    .request,
                    "\(option) \(path) is in the recording, whose files must stay as they are; name another place")
            }
        }
    }

    /// - Throws: `OperatorError` if a patch cannot be written into the folder, or would replace a foreign file.
    static func checkPatch(_ folder: String) throws {
        guard !folder.isEmpty else { throw OperatorError(.request, "--patch has no name; give a folder") }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else {
            throw OperatorError(.request, "--patch \(folder) is a file; name a folder")
        }
        for name in kustomizations {
            let file = URL(filePath: folder).appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            guard name == kustomizations[0], text.prefix(while: { !$0.isNewline }).contains(patchMark) else {
                throw OperatorError(
                    .request, "--patch \(folder): its \(name) was not written by bungalow recipe; name another folder")
            }
        }
    }
}
