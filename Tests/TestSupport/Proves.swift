package import Testing

/// Names the clauses of docs/contract.md and docs/threat-model.md that a test proves, such as `.proves("C1.4", "T12")`.
///
/// Tests/clauses checks the names against both documents; a run of the test is unaffected.
package struct Proves: TestTrait {}

extension Trait where Self == Proves {
    package static func proves(_ clauses: StaticString...) -> Proves { Proves() }
}
