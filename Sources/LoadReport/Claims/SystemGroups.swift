import Files

/// Which runs were against the same build, model and configuration, by the servers' responses to `GET /version`.
struct SystemGroups {
    /// A system under test, and the runs against it.
    struct Group {
        /// `A`, `B` and so on.
        let letter: String
        let system: CalledSystem
        var runs: [String]
    }

    let groups: [Group]
    private let untold: [String]

    init(_ runs: [LoadRun]) {
        // A run that made no call, perhaps without a server, has nothing to compare.
        let runs = runs.filter { $0.issuedCalls != 0 }
        var groups: [Group] = []
        for run in runs {
            guard let system = run.system else { continue }
            if let index = groups.firstIndex(where: { $0.system.isSame(as: system) }) {
                groups[index].runs.append(run.name)
            } else {
                groups.append(Group(letter: Self.letter(groups.count), system: system, runs: [run.name]))
            }
        }
        self.groups = groups
        untold = runs.filter { $0.system == nil }.map(\.name)
    }

    /// The letter of the run's group; nil if there is only one group, or the run's is unknown.
    func letter(of run: LoadRun) -> String? {
        guard groups.count > 1, let system = run.system else { return nil }
        return groups.first { $0.system.isSame(as: system) }?.letter
    }

    /// Whether runs may be compared with each other; nil for a single run.
    var claim: Claim? {
        guard groups.reduce(untold.count, { $0 + $1.runs.count }) > 1 else { return nil }
        let versions = groups.compactMap(\.system.version)
        let isWhollyKnown = versions.count == groups.count && untold.isEmpty
        if isWhollyKnown, groups.count == 1, let group = groups.first {
            let statement = "The \(group.runs.count) runs were against the same build, model and configuration"
            return Claim(verdict: .proven, statement: statement, numbers: [group.text])
        }
        let found =
            groups.map { "\(groups.count > 1 ? "\($0.letter): " : "")\($0.text); \(Self.list($0.runs))" }
            + (untold.isEmpty ? [] : ["\(Self.list(untold)): the files do not show which system was tested"])
        // An unknown value is not a difference.
        guard versions.count > 1 else {
            return Claim(verdict: .unproven, statement: "The runs were against the same system", numbers: found)
        }
        return Claim(
            verdict: .void,
            statement: "The runs were against different systems: \(Self.differences(versions)). "
                + "Not only the load differs between them",
            numbers: found)
    }

    private static func differences(_ versions: [SystemVersion]) -> String {
        let parts: [(String, (SystemVersion) -> String?)] = [
            ("build", { $0.executableSha256 ?? $0.release }), ("model", { $0.modelVersion }),
            ("configuration", { $0.configuration }),
        ]
        return parts.filter { Set(versions.map($0.1)).count > 1 }.map { "another \($0.0)" }.joined(separator: ", ")
    }

    private static func list(_ names: [String]) -> String {
        let rest = names.count > 12 ? " and \(names.count - 12) more" : ""
        return (names.count == 1 ? "run " : "runs ") + names.prefix(12).joined(separator: ", ") + rest
    }

    private static func letter(_ index: Int) -> String {
        index < 26 ? String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index))) : "\(index + 1)"
    }
}

extension SystemGroups.Group {
    /// What is known of it, hashes cut to 16 digits.
    var text: String {
        guard let version = system.version else { return "\(system.target), build, model and configuration unknown" }
        let parts = [
            version.release.map { "release \($0)" }, version.executableSha256.map { "build \($0.prefix(16))" },
            version.modelVersion.map { "model \($0.prefix(16))" },
            version.configuration.map { "configuration \($0.prefix(16))" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ").oneLine
    }
}
