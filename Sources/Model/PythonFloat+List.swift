extension PythonFloat {
    /// Whether a text is a JSON array of numbers as `write` prints them, each without an exponent.
    ///
    /// Of 16 and 17 digits only their form is checked, not that no shorter number is the same double.
    ///
    /// - Parameters:
    ///   - text: for example `[4.139092164701125,0.5]`.
    ///   - count: how many numbers there have to be, at least one.
    public static func isList(_ text: UnsafeRawBufferPointer, count: Int) -> Bool {
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return false }
        var position = 1
        for number in 1...max(count, 1) {
            guard skipNumber(in: text, &position) else { return false }
            guard text[position] == (number < count ? UInt8(ascii: ",") : UInt8(ascii: "]")) else { return false }
            position += 1
        }
        return position == text.count
    }

    /// Skips a number between 1e-4 and 1e16, or a zero; the text does not end with it.
    @inline(__always)
    private static func skipNumber(in text: UnsafeRawBufferPointer, _ position: inout Int) -> Bool {
        if text[position] == UInt8(ascii: "-") { position += 1 }
        let whole = position
        skipDigits(in: text, &position)
        let point = position
        guard point > whole, point == whole + 1 || text[whole] != UInt8(ascii: "0"), text[point] == UInt8(ascii: ".")
        else { return false }
        position += 1
        skipDigits(in: text, &position)
        let decimals = position - point - 1
        // A zero at the end is printed only where there is no other decimal.
        guard decimals > 0, decimals == 1 || text[position - 1] != UInt8(ascii: "0") else { return false }
        let isBelowOne = text[whole] == UInt8(ascii: "0")
        // Below 1e-4 there is an exponent.
        if isBelowOne { return decimals <= 3 || decimals <= 20 && !isSmall(text, from: point + 1) }
        return point - whole <= 16 && point - whole + decimals <= 17
    }

    /// Whether the first four decimals are zeros.
    @inline(__always)
    private static func isSmall(_ text: UnsafeRawBufferPointer, from start: Int) -> Bool {
        text[start..<start + 4].allSatisfy { $0 == UInt8(ascii: "0") }
    }

    /// Stops at the text's last byte, which is not a digit.
    @inline(__always)
    private static func skipDigits(in text: UnsafeRawBufferPointer, _ position: inout Int) {
        while text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    }
}
