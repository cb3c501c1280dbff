import ArgumentParser

extension Configuration {
    /// The flags that were given, by their variables' names.
    ///
    /// ArgumentParser finds a type's options by reflection and reads their values by decoding, so the mirror and the
    /// decoding here are made of `ServerOption.all`, as the compiler would make them of properties.
    struct Flags: ParsableArguments, CustomReflectable {
        private(set) var values: [String: String] = [:]

        init() {}

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for option in ServerOption.all {
                values[option.variable] = try container.decode(
                    Option<String?>.self, forKey: Key(stringValue: option.variable)
                ).wrappedValue
            }
        }

        /// What follows a flag is its value, even `-1`; whether it is allowed is checked when it is read.
        var customMirror: Mirror {
            Mirror(
                self,
                children: ServerOption.all.map { option in
                    let name = NameSpecification.customLong(option.flag)
                    let help = ArgumentHelp(stringLiteral: option.help)
                    return (option.variable, Option<String?>(name: name, parsing: .unconditional, help: help))
                })
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
