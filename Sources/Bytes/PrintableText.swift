extension Unicode.Scalar {
    /// False for what breaks, colours or reorders a line, or shows nothing.
    package var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}

extension StringProtocol {
    /// The text as one line for people, with each scalar that is not printable replaced; for text of unknown origin.
    ///
    /// - Parameter replacement: makes an escape such as `\n` or `\u{1B}` unless it is given.
    package func printable(
        replacing replacement: (Unicode.Scalar) -> String = { $0.escaped(asASCII: true) }
    ) -> String {
        guard !unicodeScalars.allSatisfy(\.isPrintable) else { return String(self) }
        var line = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.isPrintable { line.append(scalar) } else { line += replacement(scalar).unicodeScalars }
        }
        return String(line)
    }
}
