import Foundation

/// The bytes of a line or of a part of it, with what the parser asks of them; nothing here allocates or traps.
typealias LineBytes = Slice<UnsafeRawBufferPointer>

extension LineBytes {
    /// The bytes as an unsigned decimal; nil if there are none, one is no digit, or it is past Int.
    var decimal: Int? {
        guard !isEmpty else { return nil }
        var value = 0
        for byte in self {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    func isEqual(to literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && hasPrefix(literal)
    }

    func hasPrefix(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { count >= $0.count && prefix($0.count).elementsEqual($0) }
    }

    func contains(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { needle in
            guard let first = needle.first else { return true }
            var rest = self
            while let found = rest.position(of: first) {
                rest = rest[found...]
                if rest.hasPrefix(literal) { return true }
                rest = rest.dropFirst()
            }
            return false
        }
    }

    /// The index of the first such byte.
    func position(of byte: UInt8) -> Index? {
        let bytes = UnsafeRawBufferPointer(rebasing: self)
        guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
        return startIndex + (UnsafeRawPointer(found) - start)
    }

    /// Takes the bytes up to the next single space, or all that is left.
    mutating func nextToken() -> LineBytes {
        guard let space = position(of: UInt8(ascii: " ")) else {
            defer { self = self[endIndex...] }
            return self
        }
        defer { self = self[(space + 1)...] }
        return self[..<space]
    }

    func trimmed(where isTrimmed: (UInt8) -> Bool) -> LineBytes {
        var rest = self
        while let first = rest.first, isTrimmed(first) { rest = rest.dropFirst() }
        while let last = rest.last, isTrimmed(last) { rest = rest.dropLast() }
        return rest
    }
}
