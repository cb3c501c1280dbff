/// The kinds of ASCII bytes that several formats tell apart.
extension UInt8 {
    @inlinable @inline(__always) package static var lineFeed: UInt8 { UInt8(ascii: "\n") }
    @inlinable @inline(__always) package static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    @inlinable @inline(__always) package static var space: UInt8 { UInt8(ascii: " ") }
    @inlinable @inline(__always) package static var tab: UInt8 { UInt8(ascii: "\t") }

    /// A space or a tab.
    @inlinable @inline(__always) package var isBlank: Bool { self == .space || self == .tab }

    @inlinable @inline(__always) package var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// `A` to `Z` or `a` to `z`.
    @inlinable @inline(__always) package var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }

    /// `A` to `Z`.
    @inlinable @inline(__always) package var isCapital: Bool { self &- UInt8(ascii: "A") < 26 }

    /// `!` to `~`: ASCII without controls and without the space.
    @inlinable @inline(__always) package var isVisible: Bool { self &- UInt8(ascii: "!") < 94 }
}
