/// One option of the server: a flag and a variable of the same name, the allowed values, and the property it sets.
struct ServerOption: Sendable {
    /// A value from a flag or the environment, and the variable that names it in messages.
    struct Setting {
        let variable: String
        let text: String
    }

    let variable: String
    /// The variable that is read if `variable` is not set.
    let alternative: String?
    /// The allowed values, as help and documents show them; nil for any text.
    let allowed: String?
    /// The default, as help and documents show it.
    let fallback: String
    /// The option's purpose, without a full stop.
    let meaning: String
    /// Its name in the text of the configuration hash; nil for a secret, an address, a port or a path.
    let hashedAs: String?
    /// The property's value as text.
    let describe: @Sendable (Configuration) -> String
    /// Sets the property; nil for an option that was not given.
    let assign: @Sendable (Setting?, inout Configuration) throws(ConfigurationError) -> Void

    /// `CACHE_URL` is set by `--cache-url`.
    var flag: String { variable.lowercased().replacing("_", with: "-") }

    var help: String {
        "\(meaning)\(allowed.map { " (\($0))" } ?? ""). "
            + "\(variable)\(alternative.map { ", else \($0)" } ?? ""), default \(fallback)."
    }

    /// Finds the option's text: the flag takes precedence over the variables, and an empty variable counts as not set.
    func setting(_ flags: [String: String], _ environment: [String: String]) -> Setting? {
        if let text = flags[variable] { return Setting(variable: variable, text: text) }
        for name in [variable, alternative].compactMap(\.self) {
            if let text = environment[name], !text.isEmpty { return Setting(variable: name, text: text) }
        }
        return nil
    }
}

/// A value that is not allowed: the variable, the value, and what to use instead.
struct ConfigurationError: Error, CustomStringConvertible {
    let variable: String
    let value: String
    let allowed: String

    var description: String { "\(variable)=\(value) is not allowed: use \(allowed)" }
}

extension ServerOption {
    typealias Property<Value> = WritableKeyPath<Configuration, Value> & Sendable

    /// An option whose text `parse` turns into a value, nil if it is not allowed.
    ///
    /// - Parameters:
    ///   - use: completes "is not allowed: use …".
    ///   - shown: the text as messages may show it.
    ///   - correction: replaces `use` for a text with a known mistake.
    static func parsed<Value>(
        _ variable: String, _ property: any Property<Value>, else alternative: String? = nil, _ allowed: String?,
        use: String = "", default fallback: String? = nil, hashedAs: String? = nil, _ meaning: String,
        describe: @escaping @Sendable (Value) -> String = { "\($0)" },
        shown: @escaping @Sendable (String) -> String = { $0 },
        correction: @escaping @Sendable (String) -> String? = { _ in nil },
        parse: @escaping @Sendable (String) -> Value?
    ) -> ServerOption {
        ServerOption(
            variable: variable, alternative: alternative, allowed: allowed,
            fallback: fallback ?? describe(Configuration()[keyPath: property]), meaning: meaning, hashedAs: hashedAs,
            describe: { describe($0[keyPath: property]) },
            assign: { (setting, configuration) throws(ConfigurationError) in
                guard let setting else { return }
                guard let value = parse(setting.text) else {
                    throw ConfigurationError(
                        variable: setting.variable, value: shown(setting.text),
                        allowed: correction(setting.text) ?? use)
                }
                configuration[keyPath: property] = value
            })
    }

    static func number(
        _ variable: String, _ property: any Property<Int>, _ range: ClosedRange<Int>,
        default fallback: String? = nil, hashedAs: String? = nil, _ meaning: String
    ) -> ServerOption {
        let allowed = "\(range.lowerBound) to \(range.upperBound)"
        return parsed(
            variable, property, allowed, use: "a whole number from \(allowed)", default: fallback, hashedAs: hashedAs,
            meaning
        ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ variable: String, _ property: any Property<Choice>, hashedAs: String? = nil, _ meaning: String
    ) -> ServerOption {
        let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return parsed(
            variable, property, allowed, use: "one of \(allowed)", hashedAs: hashedAs, meaning,
            describe: { $0.rawValue }, parse: { Choice(rawValue: $0) })
    }

    static func path(
        _ variable: String, _ property: any Property<String?>, default fallback: String, _ meaning: String
    ) -> ServerOption {
        parsed(variable, property, nil, default: fallback, meaning, describe: { $0 ?? "" }, parse: { .some($0) })
    }
}
