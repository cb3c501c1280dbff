/// A fitted linear regression: immutable, so safe to share, and a class, so cheap to keep for each request.
public final class LinearModel: Sendable {
    /// The revision of `score`. Raise it whenever any bit of a result may change, so that no cache serves predictions of
    /// older arithmetic.
    static let scoringRevision = 1

    /// One coefficient per feature, in 100 000 USD per unit of the feature.
    public let coefficients: HousingRecord
    /// The prediction where every feature is zero, in 100 000 USD.
    public let intercept: Double
    /// A hash of all that a cached prediction depends on, the model's content and the scoring's revision: 16 hex digits.
    public let version: String

    /// Up to these values every record's score is finite; above them the score has to be computed to know.
    let quickUpperBounds: HousingRecord

    init(coefficients: HousingRecord, intercept: Double) {
        self.coefficients = coefficients
        self.intercept = intercept
        self.version = ModelContent(coefficients: coefficients, intercept: intercept)
            .version(scoringRevision: Self.scoringRevision)
        // Then neither a product nor any partial sum of `score` exceeds half the largest double.
        let reach = coefficients.indices.reduce(1) { $0 + coefficients[$1].magnitude }
        let safe = HousingRecord(repeating: .greatestFiniteMagnitude / (4 * reach))
        self.quickUpperBounds = pointwiseMin(HousingRecord.upperBounds, safe)
    }

    /// The predicted median house value of one block group, in 100 000 USD.
    ///
    /// The order of the additions is part of the model's version: pairs, then pairs of pairs, the intercept last, and
    /// no fused multiply-add (Swift never contracts a product and a sum by itself). It is the same on every machine.
    public func score(_ record: HousingRecord) -> Double {
        let product = coefficients * record
        let front = (product[0] + product[1]) + (product[2] + product[3])
        let back = (product[4] + product[5]) + (product[6] + product[7])
        return (front + back) + intercept
    }

    /// One prediction per record, in the batch's order, in 100 000 USD.
    public func predict(_ batch: HousingBatch) -> [Double] {
        batch.records.map(score)
    }
}
