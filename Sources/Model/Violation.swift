/// One reason why a batch is invalid, in pydantic v2's vocabulary.
public struct Violation: Equatable, Sendable {
    /// The `type` of a pydantic v2 error (https://docs.pydantic.dev/latest/errors/validation_errors/).
    public enum Kind: String, Sendable {
        case missing
        case floatType = "float_type"
        case floatParsing = "float_parsing"
        case finiteNumber = "finite_number"
        case greaterThanEqual = "greater_than_equal"
        case lessThanEqual = "less_than_equal"
        case modelType = "model_type"
    }

    /// The rule that is broken.
    public let kind: Kind
    /// The record's index in the batch, from 0.
    public let record: Int
    /// The invalid field; nil if the whole record is invalid.
    public let feature: Feature?

    /// The reason in English, in pydantic's words.
    public var message: String {
        switch kind {
        case .missing: "Field required"
        case .floatType: "Input should be a valid number"
        case .floatParsing: "Input should be a valid number, unable to parse string as a number"
        case .finiteNumber:
            feature == nil ? "The record's prediction should be a finite number" : "Input should be a finite number"
        case .greaterThanEqual: "Input should be greater than or equal to \(bound(\.lowerBound))"
        case .lessThanEqual: "Input should be less than or equal to \(bound(\.upperBound))"
        case .modelType: "Input should be a valid dictionary or instance of UserIn"
        }
    }

    private func bound(_ end: KeyPath<ClosedRange<Double>, Double>) -> Int {
        Int(feature?.bounds[keyPath: end] ?? 0)
    }
}

/// All reasons why a batch is invalid, in record order, then schema order.
public struct Violations: Error, Sendable {
    /// The most that are listed; all are counted.
    public static let listLimit = 100

    /// The first `listLimit` of them.
    public private(set) var listed: [Violation] = []
    /// The number of all violations, listed or not.
    public private(set) var total = 0

    init(_ records: [HousingRecord], cells: UnsafeBufferPointer<UInt8>, _ model: LinearModel) {
        for (index, record) in records.enumerated() {
            let row = UnsafeBufferPointer(rebasing: cells[index * Feature.count..<(index + 1) * Feature.count])
            if row[0] == Cell.notAnObject.rawValue {
                add(.modelType, index, nil)
                continue
            }
            for (feature, cell) in zip(Feature.allCases, row) {
                if let kind = Self.kind(cell, record[feature], feature.bounds) { add(kind, index, feature) }
            }
        }
        // The model scores only a batch in which every number is valid.
        guard total == 0 else { return }
        for (index, record) in records.enumerated() where !model.score(record).isFinite {
            add(.finiteNumber, index, nil)
        }
    }

    private static func kind(_ cell: UInt8, _ value: Double, _ bounds: ClosedRange<Double>) -> Violation.Kind? {
        switch Cell(rawValue: cell) {
        case .number:
            value < bounds.lowerBound ? .greaterThanEqual : value > bounds.upperBound ? .lessThanEqual : nil
        case .notFinite: .finiteNumber
        case .notNumeric: .floatParsing
        case .missing: .missing
        case .wrongType, .notAnObject, nil: .floatType
        }
    }

    private mutating func add(_ kind: Violation.Kind, _ record: Int, _ feature: Feature?) {
        total += 1
        if listed.count < Self.listLimit {
            listed.append(Violation(kind: kind, record: record, feature: feature))
        }
    }
}
