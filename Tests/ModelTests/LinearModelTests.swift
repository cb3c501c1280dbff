import Foundation
import TestSupport
import Testing

@testable import Model

/// The model and its file.
@Suite struct LinearModelTests {
    @Test("the original service's four records score as the fit says")
    func sample() throws {
        let batch = try QueryKeyTests.batch(#require(try QueryKeyTests.vectors().first).records)
        let expected = [4.139092164701125, 1.7406334547275648, 3.2288424077214373, 3.0381759871784624]
        for (score, expected) in zip(try ModelFile.builtIn().predict(batch), expected) {
            #expect((score - expected).magnitude < 1e-9)
        }
    }

    @Test("additions have one fixed order, and no product is fused into a sum", .proves("C1.39"))
    func order() throws {
        let model = try ModelFile.builtIn()
        let record = HousingRecord(
            8.3252, 41, 6.984126984126984, 1.0238095238095237, 322, 2.5555555555555554, 37.88, -122.23)
        var products: [Double] = []
        for index in record.indices { products.append(model.coefficients[index] * record[index]) }
        let front = (products[0] + products[1]) + (products[2] + products[3])
        let back = (products[4] + products[5]) + (products[6] + products[7])
        #expect(model.score(record).bitPattern == ((front + back) + model.intercept).bitPattern)
    }

    @Test("a version names the numbers and nothing else", .proves("C5.22"))
    func version() throws {
        let builtIn = try ModelFile.builtIn()
        #expect(builtIn.version.count == 16)
        let same = LinearModel(coefficients: builtIn.coefficients, intercept: builtIn.intercept)
        #expect(same.version == builtIn.version)
        let other = LinearModel(coefficients: builtIn.coefficients, intercept: builtIn.intercept.nextUp)
        #expect(other.version != builtIn.version)
    }

    @Test(
        "a damaged or foreign file is refused with the reason",
        arguments: [
            ("", "", "not JSON"),
            ("\"format\": \"bungalow-linear-model/1\"", "\"format\": \"pickle\"", "format is 'pickle'"),
            ("\"intercept\"", "\"bias\"", "no 'intercept'"),
            ("\"HouseAge\"", "\"Age\"", "not MedInc, HouseAge"),
            ("0.4366932931343239", "0.4366932931343240", "content_sha256"),
            ("0.4366932931343239", "\"0.4\"", "wrong type"),
            ("4.139092164701125", "4.2", "canary"),
        ])
    func refused(part: String, replacement: String, reason: String) throws {
        let good = String(decoding: PackageResources.housing_model_json, as: UTF8.self)
        let text = part.isEmpty ? "junk" : good.replacingOccurrences(of: part, with: replacement)
        #expect(text != good)
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read(Array(text.utf8), name: "model.json") }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("model.json cannot be used: ") == true)
    }
}
