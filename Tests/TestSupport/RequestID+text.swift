public import Bytes

extension RequestID {
    /// The id in a text, if the text is valid.
    public init?(_ text: String) {
        let id = Array(text.utf8).withUnsafeBytes { Self($0) }
        guard let id else { return nil }
        self = id
    }
}
