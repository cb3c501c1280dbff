import NIOCore

/// A reply that may hold arrays: the replies to CLUSTER SLOTS and CLUSTER SHARDS.
enum RESPValue: Equatable {
    case text(String)
    case number(Int)
    case null
    case error(String)
    case array([RESPValue])
}

/// Reads such replies with limits on memory and time, on a connection that is used for nothing else.
///
/// The pipelined connections reject all arrays (`RESPReader`).
struct RESPArrayReader {
    static let maximumBytes = 1 << 20
    static let maximumElements = 65_536
    static let maximumDepth = 6
    static let maximumStringBytes = 1024

    /// The bytes are not a valid reply, or the reply is larger than a cluster's can be.
    struct Violation: Error, Equatable {
        let text: String
    }

    private var received = ByteBuffer()
    private var openArrays: [(remaining: Int, items: [RESPValue])] = []
    private var byteCount = 0
    private var elementCount = 0

    /// Takes the bytes of one read.
    mutating func feed(_ bytes: ByteBuffer) throws(Violation) {
        byteCount += bytes.readableBytes
        guard byteCount <= Self.maximumBytes else { throw Violation(text: "more than 1 MiB") }
        received.writeImmutableBuffer(bytes)
    }

    /// The next complete reply; nil while there is none.
    mutating func next() throws(Violation) -> RESPValue? {
        while let token = try token() {
            var finished = token
            if case .opening(let count) = token, count > 0 {
                guard openArrays.count < Self.maximumDepth else { throw Violation(text: "arrays too deep") }
                openArrays.append((count, []))
                continue
            }
            while let last = openArrays.indices.last {
                openArrays[last].items.append(finished.value)
                openArrays[last].remaining -= 1
                guard openArrays[last].remaining == 0 else { break }
                finished = .value(.array(openArrays.removeLast().items))
            }
            if openArrays.isEmpty {
                elementCount = 0
                return finished.value
            }
        }
        return nil
    }

    private enum Token {
        case value(RESPValue)
        case opening(Int)

        var value: RESPValue {
            if case .value(let value) = self { value } else { .array([]) }
        }
    }

    /// The next value other than an array, or the head of an array; nil, with nothing consumed, while it is incomplete.
    private mutating func token() throws(Violation) -> Token? {
        let start = received.readerIndex
        guard let line = try line(), let type = line.first else { return nil }
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        elementCount += 1
        guard elementCount <= Self.maximumElements else { throw Violation(text: "too many elements") }
        switch type {
        case UInt8(ascii: "+"): return .value(.text(text))
        case UInt8(ascii: "-"): return .value(.error(text))
        case UInt8(ascii: ":"): return .value(.number(try number(text)))
        case UInt8(ascii: "*"):
            let count = try number(text)
            if count == -1 { return .value(.null) }
            guard (0...Self.maximumElements).contains(count) else { throw Violation(text: "an array too long") }
            return .opening(count)
        case UInt8(ascii: "$"):
            let length = try number(text)
            if length == -1 { return .value(.null) }
            guard (0...Self.maximumStringBytes).contains(length) else { throw Violation(text: "a string too long") }
            guard let bytes = received.readBytes(length: length + 2) else {
                received.moveReaderIndex(to: start)
                elementCount -= 1
                return nil
            }
            guard bytes.suffix(2) == [13, 10] else { throw Violation(text: "a string without its end") }
            return .value(.text(String(decoding: bytes.dropLast(2), as: UTF8.self)))
        default: throw Violation(text: "an unknown type")
        }
    }

    /// A line with its type byte and without its end.
    private mutating func line() throws(Violation) -> [UInt8]? {
        let window = received.readableBytesView.prefix(Self.maximumStringBytes + 2)
        guard let end = window.firstIndex(of: 10) else {
            guard window.count < Self.maximumStringBytes + 2 else { throw Violation(text: "a line too long") }
            return nil
        }
        guard let line = received.readBytes(length: end - window.startIndex + 1), line.count > 2,
            line[line.count - 2] == 13
        else { throw Violation(text: "a line without its end") }
        return Array(line.dropLast(2))
    }

    private func number(_ text: String) throws(Violation) -> Int {
        guard let number = Int(text) else { throw Violation(text: "an invalid number") }
        return number
    }
}
