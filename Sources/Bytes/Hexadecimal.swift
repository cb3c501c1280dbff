extension UInt8 {
    /// The value of a hexadecimal digit in either case; nil if the byte is not one.
    @inlinable
    @inline(__always)
    package var hexadecimalValue: Int? {
        if isDigit { return Int(self - UInt8(ascii: "0")) }
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? Int(letter) + 10 : nil
    }

    /// The lower-case digit of a value below 16; without a branch, which random digits would mispredict.
    @inlinable
    @inline(__always)
    package static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        let isLetter = (value &+ 6) >> 4
        return value &+ UInt8(ascii: "0") &+ isLetter &* (UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }
}

extension UInt64 {
    /// The eight lower-case hexadecimal digits of a number, leading zeros included; the first one is the lowest byte.
    ///
    /// All digits are made at once: four bits are spread to each byte, and bytes above 9 are moved to the letters.
    @inlinable
    @inline(__always)
    package init(hexadecimalDigitsOf number: UInt32) {
        var spread = UInt64(number.byteSwapped)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        let values = (spread >> 4 & 0x000F_000F_000F_000F) | (spread & 0x000F_000F_000F_000F) << 8
        let areLetters = (values &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        self = values &+ 0x3030_3030_3030_3030 &+ areLetters &* UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }
}

extension ByteWriter {
    /// Two lower-case hexadecimal digits.
    @inlinable
    @inline(__always)
    package mutating func putHexadecimal(_ byte: UInt8) {
        put(UInt8.hexadecimalDigit(byte >> 4))
        put(UInt8.hexadecimalDigit(byte & 0xF))
    }
}

extension String {
    /// Bytes as lower-case hexadecimal digits.
    package init(hexadecimal bytes: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: 2 * bytes.count) { digits in
            var output = ByteWriter(UnsafeMutableRawBufferPointer(digits))
            for byte in bytes { output.putHexadecimal(byte) }
            return output.count
        }
    }
}
