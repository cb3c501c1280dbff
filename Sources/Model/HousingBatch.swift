/// Records that have passed every rule: the only thing that can be keyed, cached or scored.
public struct HousingBatch: Sendable {
    /// At least one record, in the order sent.
    public let records: [HousingRecord]

    /// One record: the first of the original service's sample.
    public static let sample = HousingBatch(records: [
        HousingRecord(8.3252, 42, 6.98, 1.02, 322, 2.55, 37.88, -122.23)
    ])

    /// Checks all cells of a batch, all or nothing.
    ///
    /// - Parameters:
    ///   - values: `Feature.count` doubles per record; those of unreadable cells are ignored.
    ///   - cells: `Feature.count` raw values of `Cell` per record.
    ///   - count: the number of records, at least one.
    ///   - model: the model that will score the batch; a prediction that would not be finite is a violation, too.
    /// - Returns: the batch, or every violation in record order, then schema order.
    public static func validate(
        values: UnsafePointer<Double>, cells: UnsafePointer<UInt8>, count: Int, for model: LinearModel
    ) -> Result<HousingBatch, Violations> {
        var isValid = true
        let upper = model.quickUpperBounds
        let records = [HousingRecord](unsafeUninitializedCapacity: count) { storage, initialized in
            for index in 0..<count {
                let first = index * Feature.count
                let record = UnsafeRawPointer(values + first).loadUnaligned(as: HousingRecord.self)
                let kinds = UnsafeRawPointer(cells + first).loadUnaligned(as: UInt64.self)
                isValid = isValid && kinds == 0 && all(record .>= HousingRecord.lowerBounds) && all(record .<= upper)
                storage.initializeElement(at: index, to: record)
            }
            initialized = count
        }
        if isValid { return .success(HousingBatch(records: records)) }
        let violations = Violations(
            records, cells: UnsafeBufferPointer(start: cells, count: count * Feature.count), model)
        return violations.total == 0 ? .success(HousingBatch(records: records)) : .failure(violations)
    }
}

/// What a reader found where a feature's value should be.
public enum Cell: UInt8, Sendable {
    /// A finite number.
    case number
    /// A number that overflows a float64.
    case notFinite
    /// A string that is not a number.
    case notNumeric
    /// A boolean, null, an array or an object.
    case wrongType
    /// Nothing: the record has no such field.
    case missing
    /// Nothing: the record is not an object. In all cells of that record.
    case notAnObject
}
