package import Bytes

/// Makes fresh request ids for one event loop.
///
/// An id has to be unique, not secret, and a system call per id would be noticeable at full speed. So it uses
/// xoshiro256++ (Blackman and Vigna, 2019), seeded by the system.
package struct RequestIDGenerator {
    private var state: SIMD4<UInt64>

    package init() {
        var system = SystemRandomNumberGenerator()
        state = SIMD4(system.next(), system.next(), system.next(), system.next() | 1)
    }

    /// A new random UUID.
    package mutating func next() -> RequestID {
        RequestID(randomHigh: random(), low: random())
    }

    private mutating func random() -> UInt64 {
        func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
        let result = rotate(state[0] &+ state[3], 23) &+ state[0]
        let shifted = state[1] << 17
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotate(state[3], 45)
        return result
    }
}
