/// Why the work cannot go on, as one line for a person: what, where, and what to do.
public struct AnalyzerFault: Error, CustomStringConvertible, Sendable {
    /// What kind of fault it is; the command line makes an exit code of it.
    public enum Kind: Sendable {
        /// What the caller asked for makes no sense.
        case request
        /// A file that cannot be read, or is not what it should be.
        case input
        /// A file that cannot be written.
        case output
        /// kubectl or the cluster does not do what it was asked.
        case cluster
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// One line without a full stop.
    public let description: String

    /// Makes a fault.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
