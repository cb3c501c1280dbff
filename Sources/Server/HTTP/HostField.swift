/// The value of a `Host` header: `host [":" port]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2), or nothing.
enum HostField {
    /// Whether the value is one; a comma, which a name may hold by its grammar, is what two hosts in one are known by.
    static func isValid(_ value: Substring) -> Bool {
        value.utf8.withContiguousStorageIfAvailable { isValid($0[...]) } ?? false
    }

    private static func isValid(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard bytes.first == UInt8(ascii: "[") else { return isPort(bytes.drop(while: isOfName)) }
        let behind = bytes.dropFirst().drop { isOfName($0) || $0 == UInt8(ascii: ":") }
        return behind.first == UInt8(ascii: "]") && isPort(behind.dropFirst())
    }

    /// A port behind its colon, or nothing.
    private static func isPort(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = bytes.first else { return true }
        return first == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Letters, digits, `-._~`, `%` and what else a registered name may hold.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: "+"): true
        case UInt8(ascii: ";"), UInt8(ascii: "="): true
        default: false
        }
    }
}
