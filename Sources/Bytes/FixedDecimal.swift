import Foundation

extension Double {
    /// The number with this many digits after the point, whatever the locale.
    package func decimal(digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
