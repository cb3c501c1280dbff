/// Input that cannot be used: what is wrong, where, and what is allowed, in one line.
package struct RecipeError: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
