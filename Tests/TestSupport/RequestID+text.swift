public import Bytes

extension RequestID {
    /// The id that a text is, if it may be one.
    public init?(_ text: String) {
        let id = Array(text.utf8).withUnsafeBytes { Self($0) }
        guard let id else { return nil }
        self = id
    }
}
