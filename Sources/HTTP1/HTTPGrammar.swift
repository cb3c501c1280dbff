import Bytes

/// The kinds of bytes that RFC 9110 and RFC 9112 define beyond those of ASCII.
enum HTTPGrammar {
    private static let delete: UInt8 = 0x7F

    /// Visible ASCII except `#`: no target has a fragment.
    static func isTargetChar(_ byte: UInt8) -> Bool { byte > .space && byte < delete && byte != UInt8(ascii: "#") }

    /// No control character but tabs (RFC 9110, section 5.5).
    static func isFieldChar(_ byte: UInt8) -> Bool { (byte >= .space && byte != delete) || byte == .tab }

    /// Letters, digits and ``!#$%&'*+-.^_`|~`` (RFC 9110, section 5.6.2), as one bit for each byte below 128.
    static func isTokenChar(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return bits >> (byte & 63) & 1 == 1
    }
}
