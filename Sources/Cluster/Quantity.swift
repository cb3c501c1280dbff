import Foundation

/// An amount as Kubernetes writes it: `250m`, `1234567n`, `128Mi`, `1e3`.
///
/// The format's source is apimachinery's `resource.Quantity`.
struct Quantity: Decodable, Sendable, Equatable {
    /// In the resource's unit, such as cores or bytes.
    let value: Decimal

    private static let suffixes: [String: Decimal] = [
        "": 1, "n": Decimal(string: "1e-9") ?? 0, "u": Decimal(string: "1e-6") ?? 0, "m": Decimal(string: "1e-3") ?? 0,
        "k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000, "P": 1_000_000_000_000_000,
        "E": 1_000_000_000_000_000_000, "Ki": binary(1), "Mi": binary(2), "Gi": binary(3), "Ti": binary(4),
        "Pi": binary(5), "Ei": binary(6),
    ]

    private static func binary(_ power: Int) -> Decimal { pow(1024, power) }

    /// Nil if the text is not a quantity.
    init?(_ text: String) {
        let form = #/([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)([A-Za-z]{0,2})/#
        guard let match = text.wholeMatch(of: form),
            let number = Decimal(string: String(match.1), locale: Locale(identifier: "en_US_POSIX")),
            let factor = Self.suffixes[String(match.2)]
        else { return nil }
        value = number * factor
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The API server writes strings; manifests may hold JSON numbers.
        let text = try (try? container.decode(String.self)) ?? "\(container.decode(Decimal.self))"
        guard let quantity = Quantity(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a quantity")
        }
        self = quantity
    }
}
