/// The `traceparent` header of https://www.w3.org/TR/trace-context-2/: `00-<trace id>-<parent id>-<flags>`.
enum TraceContext {
    /// What version 00 has: four fields in lower-case hexadecimal with hyphens between them.
    static let byteCount = 55
    static let traceID = 3..<35
    static let flags = 53..<55
    private static let hyphens = [2, 35, 52]
    private static let parentID = 36..<52

    /// The context in a header's value, in the form of version 00; nil if there is none.
    ///
    /// Of a version that is not known yet only the fields of version 00 are kept, as the standard asks: the text is
    /// logged, so it must hold nothing that was not checked.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= byteCount, hasForm(bytes) else { return nil }
        switch (bytes[0], bytes[1]) {
        case (UInt8(ascii: "f"), UInt8(ascii: "f")): return nil
        case (UInt8(ascii: "0"), UInt8(ascii: "0")): guard bytes.count == byteCount else { return nil }
        // A later version may have more fields after another hyphen.
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
