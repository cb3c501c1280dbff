import CHiredis
import NIOCore

/// The commands this client sends, written by hiredis's formatter, which is binary safe: no argument can become two.
///
/// Each function appends one command to `buffer` and returns false, with `buffer` untouched, if hiredis has no memory.
enum RESPCommand {
    /// More than any command's framing: the words, the numbers and the length lines of up to five arguments.
    static let overheadBytes = 160

    /// `GETRANGE key 0 byteCount-1`: the first `byteCount` bytes of the value, an empty string if there is none.
    static func getRange(key: UnsafeRawBufferPointer, upTo byteCount: Int, into buffer: inout ByteBuffer) -> Bool {
        withDecimal(byteCount - 1) { last in
            append(to: &buffer) { arguments in
                arguments.add("GETRANGE")
                arguments.add(key)
                arguments.add("0")
                arguments.add(last)
            }
        }
    }

    /// `SET key value EX seconds`.
    static func set(
        key: UnsafeRawBufferPointer,
        value: UnsafeRawBufferPointer,
        expireSeconds: Int,
        into buffer: inout ByteBuffer
    ) -> Bool {
        withDecimal(expireSeconds) { seconds in
            append(to: &buffer) { arguments in
                arguments.add("SET")
                arguments.add(key)
                arguments.add(value)
                arguments.add("EX")
                arguments.add(seconds)
            }
        }
    }

    /// `AUTH [user] password`.
    static func authenticate(user: String?, password: String, into buffer: inout ByteBuffer) -> Bool {
        var user = user ?? ""
        var password = password
        let hasUser = !user.isEmpty
        return user.withUTF8 { user in
            password.withUTF8 { password in
                append(to: &buffer) { arguments in
                    arguments.add("AUTH")
                    if hasUser { arguments.add(UnsafeRawBufferPointer(user)) }
                    arguments.add(UnsafeRawBufferPointer(password))
                }
            }
        }
    }

    /// `SELECT database`.
    static func select(database: Int, into buffer: inout ByteBuffer) -> Bool {
        withDecimal(database) { database in
            append(to: &buffer) { arguments in
                arguments.add("SELECT")
                arguments.add(database)
            }
        }
    }

    /// `PING`.
    static func ping(into buffer: inout ByteBuffer) -> Bool {
        append(to: &buffer) { $0.add("PING") }
    }

    /// The argument arrays live on the stack: the formatter's own buffer is the only allocation of a command.
    private static func append(to buffer: inout ByteBuffer, _ fill: (inout Arguments) -> Void) -> Bool {
        withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: Arguments.capacity) { pointers in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: Arguments.capacity) { lengths in
                var arguments = Arguments(pointers: pointers, lengths: lengths)
                fill(&arguments)
                return arguments.format(into: &buffer)
            }
        }
    }

    private static func withDecimal(_ number: Int, _ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var rest = number.magnitude
            var first = digits.count
            repeat {
                first -= 1
                digits[first] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
                rest /= 10
            } while rest > 0
            return body(UnsafeRawBufferPointer(rebasing: digits[first...]))
        }
    }
}

extension RESPCommand {
    /// The argv and argvlen of one command.
    private struct Arguments {
        static let capacity = 5

        let pointers: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
        let lengths: UnsafeMutableBufferPointer<Int>
        var count = 0

        mutating func add(_ word: StaticString) {
            add(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        }

        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            // hiredis hands the pointer to memcpy even for no bytes, where a null one is not allowed.
            let nothing: StaticString = ""
            let start = bytes.baseAddress ?? UnsafeRawPointer(nothing.utf8Start)
            pointers.initializeElement(at: count, to: start.assumingMemoryBound(to: CChar.self))
            lengths.initializeElement(at: count, to: bytes.count)
            count += 1
        }

        func format(into buffer: inout ByteBuffer) -> Bool {
            var command: UnsafeMutablePointer<CChar>?
            let length = redisFormatCommandArgv(&command, Int32(count), pointers.baseAddress, lengths.baseAddress)
            guard let command, length > 0 else { return false }
            defer { redisFreeCommand(command) }
            buffer.writeBytes(UnsafeRawBufferPointer(start: command, count: Int(length)))
            return true
        }
    }
}
