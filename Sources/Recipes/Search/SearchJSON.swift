package import Foundation

/// What `bungalow recipe --json` writes: all recipes that ran with all seeds; equal searches are equal bytes.
package enum SearchJSON {
    private struct File: Encodable {
        var seed: UInt64
        var seeds, searched, onWholeLoad: Int
        var objective: String
        var isKept: Bool
        var recipes: [Row]
        var neighbours: [Row]
        var leftOut: [Reason]
        /// Why nothing was chosen.
        var reason: String?
    }

    /// Recipes that are never proposed.
    private struct Reason: Encodable {
        var obstacle, example, reason: String
        var count: Int
    }

    private struct Row: Encodable {
        var recipe: String
        var requestM, limitM, min, max: Int
        var target: Int?
        var pace: String?
        var isToday = false
        var isChosen = false
        var isOnFront = false
        var changed: String?
        var cost, coreHours, meanMs, p95Ms, notServed: Range

        init(_ evaluation: Evaluation) {
            let candidate = evaluation.candidate
            recipe = candidate.text
            (requestM, limitM, min, max) = (candidate.request, candidate.limit, candidate.least, candidate.most)
            target = candidate.isFixed ? nil : candidate.target
            pace = candidate.isFixed ? nil : candidate.pace.rawValue
            cost = Range(evaluation.range(\.cost))
            coreHours = Range(evaluation.range(\.coreHours))
            meanMs = Range(evaluation.range { $0.mean * 1000 })
            p95Ms = Range(evaluation.range { $0.p95 * 1000 })
            notServed = Range(evaluation.range(\.unserved))
        }
    }

    /// nil: not served.
    private struct Range: Encodable {
        var median, least, most: Double?

        init(_ range: (median: Double, least: Double, most: Double)) {
            func rounded(_ value: Double) -> Double? { value.isFinite ? (value * 1e6).rounded() / 1e6 : nil }
            (median, least, most) = (rounded(range.median), rounded(range.least), rounded(range.most))
        }
    }

    package static func data(
        _ found: RecipeSearch.Found, search: RecipeSearch, grid: SearchSpace.Grid
    ) throws -> Data {
        let rows = found.evaluations.enumerated().map { index, evaluation in
            var row = Row(evaluation)
            row.isToday = index == found.today
            row.isChosen = index == found.chosen
            row.isOnFront = found.front.contains(index)
            return row
        }
        let neighbours = found.neighbours.map { name, evaluation in
            var row = Row(evaluation)
            row.changed = name
            return row
        }
        let file = File(
            seed: search.seed, seeds: search.seeds, searched: found.searched, onWholeLoad: found.onWholeLoad,
            objective: search.objective.text, isKept: found.isKept, recipes: rows, neighbours: neighbours,
            leftOut: SearchReport.reasons(grid, in: search.space).map {
                Reason(obstacle: $0.obstacle.rawValue, example: $0.example, reason: $0.reason, count: $0.count)
            },
            reason: found.choice == nil ? SearchReport.noChoice : nil)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(file) + Data("\n".utf8)
    }
}
