/// One reason why a batch is refused, in pydantic v2's vocabulary.
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

    /// What is wrong.
    public let kind: Kind
    /// The record's index in the batch, from 0.
    public let record: Int
    /// The field at fault; nil if it is the record as a whole.
    public let feature: Feature?

    /// The reason in English, as pydantic words it.
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

/// Everything that is wrong with a batch, in record order, then schema order.
public struct Violations: Error, Sendable {
    /// How many are listed at most; all are counted.
    public static let listLimit = 100

    /// The first `listLimit` of them.
    public private(set) var listed: [Violation] = []
    /// How many there are.
    public private(set) var total = 0

    init(_ records: [HousingRecord], cells: UnsafeBufferPointer<UInt8>, _ model: LinearModel) {
        for (index, record) in records.enumerated() {
            let row = UnsafeBufferPointer(rebasing: cells[index * Feature.count..<(index + 1) * Feature.count])
            if row[0] == Cell.noObject.rawValue {
                add(.modelType, index, nil)
                continue
            }
            for (feature, cell) in zip(Feature.allCases, row) {
                if let kind = Self.kind(cell, record[feature], feature.bounds) { add(kind, index, feature) }
            }
        }
        // A model is only asked about a batch in which every number is good.
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
        case .wrongType, .noObject, nil: .floatType
        }
    }

    private mutating func add(_ kind: Violation.Kind, _ record: Int, _ feature: Feature?) {
        total += 1
        if listed.count < Self.listLimit {
            listed.append(Violation(kind: kind, record: record, feature: feature))
        }
    }
}
