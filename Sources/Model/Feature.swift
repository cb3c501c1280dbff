/// One of the eight columns of the California housing data set, in the model's order.
///
/// Names, units and bounds are the service's contract: clients send them, errors name them, and the query key is made
/// of them.
public enum Feature: Int, CaseIterable, Sendable {
    /// Median income of the block group, in 10 000 USD.
    case medInc
    /// Median age of a house in the block group, in years.
    case houseAge
    /// Rooms per household.
    case aveRooms
    /// Bedrooms per household.
    case aveBedrms
    /// People in the block group.
    case population
    /// People per household.
    case aveOccup
    /// Degrees north.
    case latitude
    /// Degrees east.
    case longitude

    /// The number of features, which is the width of a record.
    public static let count = 8

    /// The field's name in requests, responses, model files and the query key.
    public var name: String {
        switch self {
        case .medInc: "MedInc"
        case .houseAge: "HouseAge"
        case .aveRooms: "AveRooms"
        case .aveBedrms: "AveBedrms"
        case .population: "Population"
        case .aveOccup: "AveOccup"
        case .latitude: "Latitude"
        case .longitude: "Longitude"
        }
    }

    /// The accepted values, both ends included. Infinity means no upper bound and is not itself accepted.
    public var bounds: ClosedRange<Double> {
        switch self {
        case .latitude: -90...90
        case .longitude: -180...180
        default: 0...Double.infinity
        }
    }
}

/// One house: the eight features in `Feature` order.
public typealias HousingRecord = SIMD8<Double>

extension HousingRecord {
    /// The least accepted value of each feature.
    static let lowerBounds = HousingRecord(Feature.allCases.map(\.bounds.lowerBound))
    /// The greatest accepted value of each feature.
    static let upperBounds = HousingRecord(Feature.allCases.map(\.bounds.upperBound))

    /// The feature's value in its own unit.
    public subscript(feature: Feature) -> Double { self[feature.rawValue] }
}
