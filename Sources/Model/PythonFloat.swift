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
        // A sum that is rounded the wrong way fails the comparison only where the number has more decimals.
        let scaled = UInt64(magnitude * 10_000 + 0.5)
        guard Double(scaled) / 10_000 == magnitude else { return nil }

        var end = out
        if value.sign == .minus {
            end.pointee = UInt8(ascii: "-")
            end += 1
        }
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: 10_000)
        end = writeWhole(Int(truncatingIfNeeded: whole), to: end)
        end.pointee = UInt8(ascii: ".")
        let (high, low) = Int(truncatingIfNeeded: fraction).quotientAndRemainder(dividingBy: 100)
        writePair(high, to: end + 1)
        writePair(low, to: end + 3)
        end += low == 0 ? (high % 10 == 0 ? 2 : 3) : (low % 10 == 0 ? 4 : 5)
        return end - out
    }

    @inline(__always)
    private static func writeWhole(_ whole: Int, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        switch whole {
        case ..<10:
            out.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: whole)
            return out + 1
        case ..<100:
            writePair(whole, to: out)
            return out + 2
        case ..<1_000:
            out.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: whole / 100)
            writePair(whole % 100, to: out + 1)
            return out + 3
        default:
            var output = ByteWriter(UnsafeMutableRawBufferPointer(start: out, count: maximumLength))
            output.put(whole)
            return out + output.count
        }
    }

    /// Writes a number below 100 with two digits.
    @inline(__always)
    private static func writePair(_ number: Int, to out: UnsafeMutablePointer<UInt8>) {
        let digits = UnsafeRawPointer(pairs.utf8Start).loadUnaligned(fromByteOffset: 2 * number, as: UInt16.self)
        UnsafeMutableRawPointer(out).storeBytes(of: digits, as: UInt16.self)
    }

    private static let pairs: StaticString = """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

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
