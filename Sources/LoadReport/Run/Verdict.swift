/// Whether a claim holds, by its numbers.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    /// Independently taken numbers agree.
    case proven = "PROVEN"
    /// They differ, so the claim does not hold.
    case void = "VOID"
    /// A number that would decide is missing.
    case unproven = "UNPROVEN"
}
