import Files
import Foundation
import LatencyAnalyzer

/// The files that an analysis is written to, checked before any work is done.
struct AnalysisOutputs {
    private let results: OutputFile
    private let html: OutputFile?
    let database: CallDatabase?

    /// - Parameters:
    ///   - folder: where the results file goes.
    ///   - inputs: what is read, and must stay as it is.
    /// - Throws: `OperatorError` if a file is an input, or two are one, or the database cannot be used.
    init(deployment: String, folder: String, html: String?, sqlite: String?, inputs: [TextFile]) throws {
        let name = ResultsFile.name(ofDeployment: deployment)
        results = try OutputFile(path: URL(filePath: folder).appending(path: name).path, inputs: inputs)
        self.html = try html.map { try OutputFile(path: $0, inputs: inputs) }
        let sqlite = try sqlite.map { try OutputFile(path: $0, inputs: inputs) }
        let files = [results, self.html, sqlite].compactMap(\.self)
        for (index, file) in files.enumerated() {
            if let other = files[..<index].first(where: file.isSame) {
                throw OperatorError(
                    .request, "\(file.path) would be written twice, also as \(other.path): name two files")
            }
        }
        database = try sqlite.map { try CallDatabase(path: $0.path) }
    }

    /// Writes the results file and the page.
    ///
    /// - Returns: where the results are.
    func write(_ analysis: Analysis, text: String) throws -> String {
        try results.write(Data(text.utf8))
        try html?.write(Data(AnalysisPage(analysis).html.utf8))
        return results.path
    }
}
