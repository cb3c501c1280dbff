import Bytes

/// Float64 as text, exactly as Python's `repr(float)` prints it.
///
/// The shortest digits that round-trip; positional for 1e-4 ≤ |x| < 1e16 with at least `.0`, else an exponent of at
/// least two digits (https://docs.python.org/3/library/functions.html#repr, `float_repr_style` "short").
public enum PythonFloat {
    /// No finite double needs more bytes: sign, 17 digits, point, `e-308`.
    public static let maximumLength = 24

    /// Writes the text of a finite double.
    ///
    /// - Parameter out: room for `maximumLength` bytes.
    /// - Returns: how many bytes were written.
    public static func write(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
        writeShortDecimal(value, to: out) ?? writeShortest(value, to: out)
    }

    /// Numbers as people type them: at most four decimals, below 10^10.
    ///
    /// If n/10^4 divides to exactly `value`, then n's decimal text is a text of at most 15 digits that reads back as
    /// `value`. Two such texts never share a double, so without its trailing zeros it is the shortest there is.
    private static func writeShortDecimal(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int? {
        let magnitude = value.magnitude
        guard magnitude < 1e10 else { return nil }
        let scaled = UInt64((magnitude * 10_000).rounded(.toNearestOrEven))
        guard Double(scaled) / 10_000 == magnitude else { return nil }

        var output = ByteWriter(UnsafeMutableRawBufferPointer(start: out, count: maximumLength))
        if value.sign == .minus { output.put(UInt8(ascii: "-")) }
        let (whole, remainder) = scaled.quotientAndRemainder(dividingBy: 10_000)
        output.put(whole)
        output.put(UInt8(ascii: "."))
        var fraction = remainder
        repeat {
            let digit: UInt64
            (digit, fraction) = fraction.quotientAndRemainder(dividingBy: 1_000)
            output.put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            fraction *= 10
        } while fraction > 0
        return output.count
    }

    /// Swift prints the same shortest digits as Python, in the same form except for 2^53 < |x| < 1e16, which it prints
    /// with an exponent.
    private static func writeShortest(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
        var text = value.description
        if value.magnitude > 0x1p53, value.magnitude < 1e16 { text = positional(text) }
        return text.withUTF8 { utf8 in
            guard let start = utf8.baseAddress else { return 0 }
            out.update(from: start, count: utf8.count)
            return utf8.count
        }
    }

    /// `-9.01397198092966e+15` as `-9013971980929660.0`: sixteen digits, padded with zeros.
    private static func positional(_ exponential: String) -> String {
        let sign = exponential.hasPrefix("-") ? "-" : ""
        let digits = exponential.dropFirst(sign.utf8.count).prefix { $0 != "e" }.filter { $0 != "." }
        return sign + digits + String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + ".0"
    }
}
