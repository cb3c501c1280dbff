import Bytes
import Model

/// The files that are read at start-up, and again on SIGHUP.
struct ReloadableFiles: Sendable {
    /// nil for the model that is built in.
    let modelPath: String?
    /// nil if no key is needed.
    let apiKeysPath: String?

    /// The model's origin, for messages.
    var modelName: String { modelPath ?? "the built-in file" }

    /// Reads and checks the model.
    func model() throws(ModelFileError) -> LinearModel {
        guard let modelPath else { return try ModelFile.builtIn() }
        let name = "MODEL_PATH=\(modelPath)"
        let json: [UInt8]
        do {
            json = try SmallFile.read(modelPath, atMost: 1 << 20)
        } catch {
            throw ModelFileError(name: name, reason: "it cannot be read, \(error)")
        }
        return try ModelFile.read(json, name: name)
    }

    /// Reads the keys; nil if none are needed.
    func apiKeys() throws(APIKeysError) -> APIKeys? {
        guard let apiKeysPath else { return nil }
        return try APIKeys(path: apiKeysPath)
    }
}
