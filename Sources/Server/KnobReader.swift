import Foundation
import PredictionCache

/// A knob's value that is not allowed: names the variable, the value, and what is.
struct ConfigurationError: Error, CustomStringConvertible {
    let variable: String
    let value: String
    let allowed: String

    /// One line for a person.
    var description: String { "\(variable)=\(value) is not allowed: use \(allowed)" }
}

/// Finds a knob's text and holds it against what is allowed.
struct KnobReader {
    let environment: [String: String]

    func text(_ flag: String?, _ variable: String) -> String? {
        flag ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    func number(
        _ flag: String?, _ variable: String, _ range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int? {
        guard let text = text(flag, variable) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ConfigurationError(
                variable: variable, value: text,
                allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ flag: String?, _ variable: String
    ) throws(ConfigurationError) -> Choice? {
        guard let text = text(flag, variable) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError(variable: variable, value: text, allowed: "one of \(choices)")
        }
        return choice
    }

    func namespace(_ flag: String?) throws(ConfigurationError) -> String {
        guard let text = text(flag, "CACHE_NAMESPACE") else { return "default" }
        guard text.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil else {
            throw ConfigurationError(
                variable: "CACHE_NAMESPACE", value: text, allowed: "1 to 64 of the characters A-Z a-z 0-9 . _ -")
        }
        return text
    }

    func cache(_ flag: String?) throws(ConfigurationError) -> CacheLocation {
        let variable = text(flag, "CACHE_URL") == nil ? "REDIS_URL" : "CACHE_URL"
        guard let text = text(flag, variable) else { return .userCacheFolder }
        guard let location = CacheLocation(text) else {
            throw ConfigurationError(
                variable: variable, value: CacheLocation.withoutSecrets(text),
                allowed: "redis:// or rediss://[user:password@]host[:port][/db], sqlite:PATH or off")
        }
        return location
    }

    /// The TLS of a cache; nil where its location has none.
    func cacheTLS(_ flag: String?, _ cache: CacheLocation) throws(ConfigurationError) -> CacheTLS? {
        do {
            return try CacheTLS.of(cache, authoritiesFile: text(flag, "CACHE_CA_FILE"))
        } catch {
            throw ConfigurationError(variable: "CACHE_CA_FILE", value: error.file, allowed: error.allowed)
        }
    }
}
