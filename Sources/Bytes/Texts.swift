extension BidirectionalCollection {
    /// What is left without the elements of a kind at both ends.
    package func trimming(while isOfKind: (Element) -> Bool) -> SubSequence {
        var rest = self[...]
        while let first = rest.first, isOfKind(first) { rest.removeFirst() }
        while let last = rest.last, isOfKind(last) { rest.removeLast() }
        return rest
    }
}

extension StringProtocol {
    /// The text with each `%41` as the byte that it stands for; nil if an escape is broken, or the result not UTF-8.
    package var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = Substring(self).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                return nil
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
