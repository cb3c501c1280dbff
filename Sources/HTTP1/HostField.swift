import Bytes

/// The value of a `Host` header: `host [":" port]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2), or nothing.
enum HostField {
    /// Whether the value is valid. A comma is rejected although the grammar allows it: it indicates two merged Host
    /// values.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.first == UInt8(ascii: "[") else { return isPort(bytes, from: bytes.countWhile(isOfName)) }
        let end = 1 + bytes.countWhile({ isOfName($0) || $0 == UInt8(ascii: ":") }, from: 1)
        return end < bytes.count && bytes[end] == UInt8(ascii: "]") && isPort(bytes, from: end + 1)
    }

    /// Whether the rest is a colon and a port, or nothing.
    private static func isPort(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
        guard start < bytes.count else { return true }
        return bytes[start] == UInt8(ascii: ":")
            && bytes.countWhile(\.isDigit, from: start + 1) == bytes.count - start - 1
    }

    /// Letters, digits, `-._~`, `%` and whatever else a registered name may contain.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "&")...UInt8(ascii: "+"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: ";"), UInt8(ascii: "="): true
        default: false
        }
    }
}
