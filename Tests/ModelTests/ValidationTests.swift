import Testing

@testable import Model

/// Validates records whose cells are all numbers, unless others are given.
func validate(_ records: [HousingRecord], cells: [[Cell]]? = nil) throws -> Result<HousingBatch, Violations> {
    let values = records.flatMap { record in record.indices.map { record[$0] } }
    let kinds = cells?.flatMap { $0.map(\.rawValue) } ?? [UInt8](repeating: 0, count: values.count)
    return HousingBatch.validate(values: values, cells: kinds, count: records.count, for: try ModelFile.builtIn())
}

private let good = HousingRecord(8.3252, 42, 6.98, 1.02, 322, 2.55, 37.88, -122.23)

/// The rules of a batch: what is accepted, and every violation in order.
@Suite struct ValidationTests {
    @Test("bounds are inclusive", arguments: Feature.allCases)
    func bounds(feature: Feature) throws {
        let lower = feature.bounds.lowerBound
        let upper = min(feature.bounds.upperBound, 1e300)
        for value in [lower, upper] {
            var record = good
            record[feature.rawValue] = value
            #expect(try validate([record]).get().records == [record])
        }
        var record = good
        record[feature.rawValue] = lower.nextDown
        #expect(try violations([record]) == [Violation(kind: .greaterThanEqual, record: 0, feature: feature)])
        guard feature.bounds.upperBound.isFinite else { return }
        record[feature.rawValue] = upper.nextUp
        #expect(try violations([record]) == [Violation(kind: .lessThanEqual, record: 0, feature: feature)])
    }

    @Test(
        "each kind of unreadable cell has its own type",
        arguments: [
            (.notFinite, .finiteNumber), (.notNumeric, .floatParsing), (.wrongType, .floatType), (.missing, .missing),
        ] as [(Cell, Violation.Kind)])
    func cells(cell: Cell, kind: Violation.Kind) throws {
        var row = [Cell](repeating: .number, count: Feature.count)
        row[5] = cell
        #expect(try violations([good], [row]) == [Violation(kind: kind, record: 0, feature: .aveOccup)])
    }

    @Test(
        "all violations come in record order, then schema order, and a record that is not an object has one of its own")
    func order() throws {
        let numbers = [Cell](repeating: .number, count: Feature.count)
        var second = good
        second[Feature.longitude.rawValue] = 181
        second[Feature.medInc.rawValue] = -1
        var third = numbers
        third[2] = .missing
        let found = try violations(
            [good, second, good, good],
            [numbers, numbers, third, [Cell](repeating: .notAnObject, count: Feature.count)])
        #expect(
            found == [
                Violation(kind: .greaterThanEqual, record: 1, feature: .medInc),
                Violation(kind: .lessThanEqual, record: 1, feature: .longitude),
                Violation(kind: .missing, record: 2, feature: .aveRooms),
                Violation(kind: .modelType, record: 3, feature: nil),
            ])
    }

    @Test("at most 100 are listed, all are counted")
    func limit() throws {
        let row = [Cell](repeating: .missing, count: Feature.count)
        let result = try validate(
            [HousingRecord](repeating: good, count: 1000), cells: [[Cell]](repeating: row, count: 1000))
        guard case .failure(let violations) = result else {
            Issue.record("accepted")
            return
        }
        #expect(violations.total == 8000)
        #expect(violations.listed.count == 100)
        #expect(violations.listed.last == Violation(kind: .missing, record: 12, feature: .aveBedrms))
    }

    @Test("a prediction that would not be finite is refused at its record, a large finite one is not")
    func finitePrediction() throws {
        var huge = HousingRecord(repeating: 0)
        huge[Feature.medInc.rawValue] = 1.6e308
        huge[Feature.aveBedrms.rawValue] = 1.6e308
        #expect(try validate([huge]).get().records.count == 1)
        huge[Feature.aveBedrms.rawValue] = .greatestFiniteMagnitude
        huge[Feature.medInc.rawValue] = .greatestFiniteMagnitude
        #expect(try violations([good, huge]) == [Violation(kind: .finiteNumber, record: 1, feature: nil)])
        // Other violations come first: then no prediction is computed.
        #expect(try violations([huge - huge - 1, huge]).count == 6)
    }

    private func violations(_ records: [HousingRecord], _ cells: [[Cell]]? = nil) throws -> [Violation] {
        guard case .failure(let violations) = try validate(records, cells: cells) else { return [] }
        #expect(violations.total == violations.listed.count)
        return violations.listed
    }
}
