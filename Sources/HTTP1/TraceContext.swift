/// The `traceparent` header of https://www.w3.org/TR/trace-context-2/: `00-<trace id>-<parent id>-<flags>`.
enum TraceContext {
    /// What version 00 has: four fields in lower-case hexadecimal with hyphens between them.
    static let byteCount = 55
    static let traceID = 3..<35
    static let flags = 53..<55
    private static let hyphens = [2, 35, 52]
    private static let parentID = 36..<52

    /// The context that a header's value holds, in the form of version 00; nil if it holds none.
    ///
    /// Of a version that is not known yet only what version 00 has is kept, as the standard asks: the text is logged,
    /// where nothing may come in that was not looked at.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= byteCount, hasForm(bytes) else { return nil }
        switch (bytes[0], bytes[1]) {
        case (UInt8(ascii: "f"), UInt8(ascii: "f")): return nil
        case (UInt8(ascii: "0"), UInt8(ascii: "0")): guard bytes.count == byteCount else { return nil }
        // A later version may say more behind another hyphen.
        default: guard bytes.count == byteCount || bytes[byteCount] == UInt8(ascii: "-") else { return nil }
        }
        return String(decoding: bytes.prefix(byteCount), as: UTF8.self)
    }

    private static func hasForm(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let isHexadecimal: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        let isZero: (Int) -> Bool = { bytes[$0] == UInt8(ascii: "0") }
        return (0..<byteCount).allSatisfy {
            hyphens.contains($0) ? bytes[$0] == UInt8(ascii: "-") : isHexadecimal(bytes[$0])
        } && !traceID.allSatisfy(isZero) && !parentID.allSatisfy(isZero)
    }
}
