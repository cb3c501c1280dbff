private import Bytes

/// The id of a trace that its caller records: 16 bytes, not all of them 0.
package struct TraceID: Equatable, Sendable {
    private static let sampled: UInt64 = 1

    private let high: UInt64
    private let low: UInt64

    /// The trace of a `traceparent` in the form of `TraceContext.parse`; nil if its `sampled` flag is not set, which
    /// means that the caller does not record it.
    package init?(sampledIn traceparent: String) {
        var traceparent = traceparent
        let read: (UInt64, UInt64)? = traceparent.withUTF8 { bytes in
            func number(_ range: Range<Int>) -> UInt64 {
                bytes[range].reduce(0) { $0 << 4 | UInt64($1.hexadecimalValue ?? 0) }
            }
            guard bytes.count == TraceContext.byteCount, number(TraceContext.flags) & Self.sampled != 0 else {
                return nil
            }
            let id = TraceContext.traceID
            return (number(id.prefix(16)), number(id.suffix(16)))
        }
        guard let (high, low) = read else { return nil }
        (self.high, self.low) = (high, low)
    }

    /// 32 lower-case hexadecimal digits.
    package var text: String {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { String(hexadecimal: $0) }
    }
}
