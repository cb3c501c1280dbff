import Foundation
import Testing

@testable import Cluster

/// Kubernetes' amounts.
@Suite struct QuantityTests {
    @Test(
        "Quantities are read exactly",
        arguments: [
            ("0", "0"), ("2", "2"), ("250m", "0.25"), ("1234567n", "0.001234567"), ("5u", "0.000005"), ("1k", "1000"),
            ("128Mi", "134217728"), ("1Gi", "1073741824"), ("131072Ki", "134217728"), ("1.5Gi", "1610612736"),
            ("1e3", "1000"),
            ("1E3", "1000"), ("12e6", "12000000"), (".5", "0.5"), ("2.", "2"), ("1Ei", "1152921504606846976"),
            ("3M", "3000000"),
        ])
    func quantities(text: String, value: String) {
        #expect(Quantity(text).map { "\($0.value)" } == value)
    }

    @Test(
        "An invalid quantity is nil",
        arguments: ["", "m", "1x", "1 Mi", "Mi", "1mi", "--1", "0x10", "1e", "1e999", "NaN"])
    func invalidQuantities(text: String) {
        #expect(Quantity(text) == nil)
    }
}
