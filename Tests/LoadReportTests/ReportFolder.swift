import Foundation
import LoadReport
import Testing

/// A folder of results for one test, removed with it.
final class ReportFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "bungalow-report-\(UUID().uuidString)/results")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// - Parameter changed: when the file was last written to, in RFC 3339.
    func write(_ data: Data, to name: String, changed: String? = nil) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        guard let changed else { return }
        try FileManager.default.setAttributes(
            [.modificationDate: try Date(changed, strategy: .iso8601)], ofItemAtPath: file.path)
    }

    func write(_ text: String, to name: String, changed: String? = nil) throws {
        try write(Data(text.utf8), to: name, changed: changed)
    }

    /// Puts files that belong to the tests here.
    func add(_ vectors: String..., changed: String? = nil) throws {
        for vector in vectors {
            let name = URL(filePath: vector).lastPathComponent
            try write(Self.vector(vector), to: name, changed: changed)
        }
    }

    func read(into database: RecordDatabase? = nil, outputs: [String] = []) throws -> LoadEvidence {
        try LoadFolder(path: url.path, zone: .gmt, outputs: outputs).read(into: database)
    }

    func read(in zone: String) throws -> LoadEvidence {
        try LoadFolder(path: url.path, zone: #require(TimeZone(identifier: zone))).read()
    }

    static func vectorNames(_ folder: String) throws -> [String] {
        let url = try #require(Bundle.module.url(forResource: "Vectors/\(folder)", withExtension: nil))
        return try FileManager.default.contentsOfDirectory(atPath: url.path).sorted().map { "\(folder)/\($0)" }
    }

    static func vector(_ name: String) throws -> Data {
        try Data(contentsOf: #require(Bundle.module.url(forResource: "Vectors/\(name)", withExtension: nil)))
    }

    static func text(_ name: String) throws -> String { String(decoding: try vector(name), as: UTF8.self) }
}

extension LoadEvidence {
    /// The run with this name.
    func run(_ name: String) throws -> LoadRun { try #require(runs.first { $0.name == name }, "\(runs.map(\.name))") }

    /// The claim that begins with this text.
    func claim(_ start: String) throws -> Claim {
        try #require(claims.first { $0.statement.hasPrefix(start) }, "\(claims.map(\.statement))")
    }
}
