import Foundation
import TestSupport
import Testing

/// `MODEL_PATH`: another model scores, and an unusable file stops the start.
@Suite struct ModelPathTests {
    private static func otherModel() throws -> URL {
        try #require(Bundle.module.url(forResource: "other-model", withExtension: "json", subdirectory: "Vectors"))
    }

    @Test("a good model file with other coefficients changes X-Model-Version and predictions", .proves("C1.27", "C5.5"))
    func otherModel() throws {
        let path = try Self.otherModel().path
        let builtIn = try PredictClient().predict(RecordText.good.batch)
        for client in [try PredictClient(["--model-path", path])] {
            let response = try client.predict(RecordText.good.batch)
            // 0.5 · MedInc + 0.25 · HouseAge + 1
            #expect(try response.json()["prediction"] as? [Double] == [0.5 * 8.3252 + 0.25 * 42 + 1])
            #expect(response["X-Model-Version"] != builtIn["X-Model-Version"])
            #expect(try response.queryKey() == builtIn.queryKey())
            let again = try PredictClient(["--model-path", path]).predict(RecordText.good.batch)
            #expect(again["X-Model-Version"] == response["X-Model-Version"])
        }
    }

    @Test(
        "a missing, damaged or tampered model file: exit 78 with one line that names it and what is wrong",
        .proves("C5.5"))
    func badFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bungalow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let good = try String(contentsOf: Self.otherModel(), encoding: .utf8)
        let cases = [
            ("", "not JSON"), ("{}", "format"), (String(good.dropLast(20)), "not JSON"), ("[1]", "wrong type"),
            (good.replacing("0.25", with: "0.26"), "content_sha256"),
            (good.replacing("\"intercept\": 1.0", with: "\"intercept\": 1.5"), "content_sha256"),
            (good.replacing("15.5", with: "15.6"), "canary"), (good.replacing("model/1", with: "model/2"), "format"),
            (good.replacing("\"MedInc\"", with: "\"Income\""), "features"),
            (good.replacing("0.25,", with: ""), "8 coefficients"),
            (good.replacing("0.25", with: "\"0.25\""), "wrong type"), (good.replacing("0.25", with: "1e999"), "JSON"),
        ]
        for (index, (content, reason)) in cases.enumerated() {
            #expect(content != good)
            let file = folder.appending(path: "model-\(index).json")
            try Data(content.utf8).write(to: file)
            try Self.expectRefusal(file.path, reason)
        }
        try Self.expectRefusal(folder.appending(path: "missing.json").path, "cannot be read")
        try Self.expectRefusal(folder.path, "cannot be read")
    }

    private static func expectRefusal(_ path: String, _ reason: String) throws {
        for run in [
            try ServerProcess.run(["--port", "0", "--model-path", path]),
            try ServerProcess.run(["--port", "0"], environment: ["MODEL_PATH": path]),
        ] {
            #expect(run.exitCode == 78 && run.output.isEmpty, "\(run)")
            #expect(run.error.hasPrefix("Error: MODEL_PATH=\(path) "), "\(run.error)")
            #expect(run.error.contains(reason), "\(reason): \(run.error)")
            #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
        }
    }
}
