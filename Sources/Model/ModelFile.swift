private import Platform

/// The trainer's output: a fitted model as JSON, with what is needed to detect a damaged file.
///
/// The format is described in `trainer/README.md`.
public enum ModelFile {
    /// The model that is built into the program.
    public static func builtIn() throws(ModelFileError) -> LinearModel {
        try read(PackageResources.housing_model_json, name: "the built-in model")
    }

    /// Reads a model file, and checks that it is complete and scores as its trainer did.
    ///
    /// - Parameters:
    ///   - json: the file's content.
    ///   - name: what to call the file in an error.
    /// - Throws: `ModelFileError`, one line with what is wrong and what to do.
    public static func read(_ json: [UInt8], name: String) throws(ModelFileError) -> LinearModel {
        func unusable(_ reason: String) -> ModelFileError { ModelFileError(name: name, reason: reason) }

        let content: Content
        do {
            content = try JSONDecoder().decode(Content.self, from: Data(json))
        } catch let error as DecodingError {
            throw unusable(error.sentence)
        } catch {
            throw unusable("it is not JSON")
        }
        guard content.format == ModelContent.format else {
            throw unusable("its format is '\(content.format)', not '\(ModelContent.format)'")
        }
        let names = Feature.allCases.map(\.name)
        guard content.features == names else {
            throw unusable("its features are not \(names.joined(separator: ", ")) in this order")
        }
        guard content.coefficients.count == Feature.count, content.canary.features.count == Feature.count else {
            throw unusable("it needs \(Feature.count) coefficients and \(Feature.count) canary features")
        }
        let coefficients = HousingRecord(content.coefficients)
        let parts = ModelContent(coefficients: coefficients, intercept: content.intercept)
        guard parts.sha256 == content.contentSHA256 else {
            throw unusable("its content_sha256 does not match its numbers, so one of them was changed")
        }
        let model = LinearModel(coefficients: coefficients, intercept: content.intercept)
        let score = model.score(HousingRecord(content.canary.features))
        let tolerance = 1e-9 * max(1, content.canary.prediction.magnitude)
        guard (score - content.canary.prediction).magnitude <= tolerance else {
            throw unusable("it scores its canary record \(score), not \(content.canary.prediction)")
        }
        return model
    }

    private struct Content: Decodable {
        let format: String
        let features: [String]
        let coefficients: [Double]
        let intercept: Double
        let canary: Canary
        let contentSHA256: String

        struct Canary: Decodable {
            let features: [Double]
            let prediction: Double
        }

        enum CodingKeys: String, CodingKey {
            case format, features, coefficients, intercept, canary
            case contentSHA256 = "content_sha256"
        }
    }
}

/// A model file that cannot be used.
public struct ModelFileError: Error, CustomStringConvertible {
    private let name: String
    private let reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    /// What, where and what to do, in one line.
    public var description: String { "\(name) cannot be used: \(reason); train one with trainer/train.py" }
}

extension DecodingError {
    fileprivate var sentence: String {
        switch self {
        case .keyNotFound(let key, _): "it has no '\(key.stringValue)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "its '\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
        default: "it is not JSON"
        }
    }
}
