import Yams

/// A place in a YAML or JSON document, which knows its name for messages.
package struct Field {
    /// nil: there is nothing there.
    private let node: Node?
    /// `heavy.yaml: cpu_per_hit_ms`.
    package let place: String

    fileprivate init(node: Node?, place: String) {
        self.node = node
        self.place = place
    }

    /// Reads all documents of a text.
    ///
    /// - Parameter name: the file's, for messages.
    package static func documents(_ text: String, name: String) throws(RecipeError) -> [Field] {
        var failure: (any Error)?
        var nodes: [Node] = []
        do {
            var documents = try compose_all(yaml: text)
            while let node = documents.next() { nodes.append(node) }
            failure = documents.error
        } catch {
            failure = error
        }
        if let failure {
            let reason = "\(failure)".split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }
            throw RecipeError("\(name): it is not YAML or JSON: \(reason.joined(separator: " "))")
        }
        return nodes.map { Field(node: $0, place: name) }
    }

    package subscript(key: String) -> Field {
        let isTop = !place.contains(": ")
        return Field(node: node?.mapping?[Node(key)], place: isTop ? "\(place): \(key)" : "\(place).\(key)")
    }

    package var exists: Bool { node != nil && node?.null == nil }
    package var isList: Bool { node?.sequence != nil }
    package var isMap: Bool { node?.mapping != nil }

    package var items: [Field] {
        (node?.sequence).map { $0.enumerated().map { Field(node: $1, place: "\(place)[\($0)]") } } ?? []
    }

    /// The keys of a map, in the document's order.
    package var keys: [String] { node?.mapping?.keys.compactMap(\.scalar?.string) ?? [] }

    package var text: String? { exists ? node?.scalar?.string : nil }

    package func wrong(_ allowed: String) -> RecipeError {
        guard exists else { return RecipeError("\(place) is missing: \(allowed)") }
        let shown = text.map { "\"\($0.prefix(40))\"" } ?? (isList ? "a list" : "a map")
        return RecipeError("\(place) is \(shown): \(allowed)")
    }

    /// - Parameter absent: what holds if there is nothing; nil makes that an error.
    package func integer(
        in range: ClosedRange<Int> = 0...Int(Int32.max), absent: Int? = nil
    ) throws(RecipeError) -> Int {
        if !exists, let absent { return absent }
        guard let value = text.flatMap(Int.init), range.contains(value) else {
            throw wrong("give a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func number(
        in range: ClosedRange<Double> = 0...1e9, absent: Double? = nil
    ) throws(RecipeError) -> Double {
        if !exists, let absent { return absent }
        guard let value = text.flatMap(Double.init), range.contains(value) else {
            throw wrong("give a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))")
        }
        return value
    }

    /// Fails on keys that are not known, so that a misspelt one is not passed over.
    package func allow(_ known: [String]) throws(RecipeError) {
        guard isMap else { throw wrong("give a map of \(known.joined(separator: ", "))") }
        for key in keys where !known.contains(key) {
            throw RecipeError("\(place): \(key) is unknown; known are \(known.joined(separator: ", "))")
        }
    }

    /// CPU in cores: `500m`, `2`, `0.5`.
    package func cores() throws(RecipeError) -> Double? {
        guard exists else { return nil }
        guard let value = text.flatMap(quantity), (0...1e6).contains(value) else {
            throw wrong("give CPU as 500m, 2 or 0.5")
        }
        return value
    }

    /// Memory in MiB: `320Mi`, `2Gi`, `500M`.
    package func mebibytes() throws(RecipeError) -> Double? {
        guard exists else { return nil }
        guard let value = text.flatMap(quantity), (0...1e18).contains(value) else {
            throw wrong("give memory as 320Mi, 2Gi or 500M")
        }
        return value / 1_048_576
    }
}

private func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
}

/// Kubernetes' quantities: a number and a suffix.
func quantity(_ text: String) -> Double? {
    let factors: [(String, Double)] = [
        ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("Pi", 0x1p50), ("Ei", 0x1p60), ("n", 1e-9),
        ("u", 1e-6), ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]
    if let value = Double(text) { return value }
    for (suffix, factor) in factors where text.hasSuffix(suffix) {
        return Double(text.dropLast(suffix.count)).map { $0 * factor }
    }
    return nil
}

/// Memory in MiB: `16Gi`, `500M`.
package func mebibytes(_ text: String) -> Double? { quantity(text).map { $0 / 1_048_576 } }

/// Seconds: `90`, `90s`, `5m`, `1h`, `200ms`.
package func seconds(_ text: String) -> Double? {
    for (suffix, factor) in [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)] where text.hasSuffix(suffix) {
        return Double(text.dropLast(suffix.count)).map { $0 * factor }
    }
    return Double(text)
}
