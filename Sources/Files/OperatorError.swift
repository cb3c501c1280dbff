/// Why the work cannot continue, as one line for the operator: what is wrong, where, and what to do.
public struct OperatorError: Error, CustomStringConvertible, Sendable {
    /// What went wrong; the command line derives the exit code from it.
    public enum Kind: Sendable {
        /// The command makes no sense as given.
        case request
        /// A file cannot be read, or is not what it should be.
        case input
        /// A file cannot be written.
        case output
        /// kubectl or the cluster failed.
        case cluster
    }

    /// What went wrong.
    public let kind: Kind
    /// One line without a full stop.
    public let description: String

    /// - Parameter description: one line without a full stop.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
