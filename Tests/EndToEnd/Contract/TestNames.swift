import Foundation
import Testing

/// The names of all tests of the repository, read from their sources.
enum TestNames {
    /// Those under `Tests` and in `trainer`.
    static func all(inRepository root: URL) throws -> Set<String> {
        let enumerator = FileManager.default.enumerator(
            at: root.appending(path: "Tests"), includingPropertiesForKeys: nil)
        var names: Set<String> = []
        for case let file as URL in try #require(enumerator) {
            if file.pathExtension == "swift" {
                names.formUnion(swift(try String(contentsOf: file, encoding: .utf8)))
            } else if isPytest(file) {
                names.formUnion(python(try String(contentsOf: file, encoding: .utf8)))
            }
        }
        let trainer = root.appending(path: "trainer")
        for file in try FileManager.default.contentsOfDirectory(at: trainer, includingPropertiesForKeys: nil)
        where isPytest(file) {
            names.formUnion(python(try String(contentsOf: file, encoding: .utf8)))
        }
        return names
    }

    private static func isPytest(_ file: URL) -> Bool {
        file.lastPathComponent.hasPrefix("test_") && file.pathExtension == "py"
    }

    /// Of each `@Test` that begins a line: its display name if it has one, else its function's.
    static func swift(_ source: String) -> [String] {
        var names: [String] = []
        var rest = Substring(source)
        while !rest.isEmpty {
            let line = rest.prefix { $0 != "\n" }
            if line.trimmingPrefix(while: \.isWhitespace).hasPrefix("@Test"), let name = name(of: rest) {
                names.append(name)
            }
            rest = rest[line.endIndex...].dropFirst()
        }
        return names
    }

    private static func name(of declaration: Substring) -> String? {
        if let match = declaration.prefixMatch(of: /\s*@Test\s*\(\s*"((?:[^"\\\n]|\\.)*)"/) {
            return match.output.1.replacing(/\\(.)/) { $0.output.1 }.description
        }
        guard let match = declaration.firstMatch(of: /\bfunc\s+(?:`([^`\n]+)`|([A-Za-z_0-9]+))/) else { return nil }
        return (match.output.1 ?? match.output.2).map(String.init)
    }

    /// Of each function that pytest takes for a test.
    static func python(_ source: String) -> [String] {
        source.split(separator: "\n").compactMap { line in
            line.prefixMatch(of: /\s*(?:async )?def (test\w*)\(/).map { String($0.output.1) }
        }
    }
}
