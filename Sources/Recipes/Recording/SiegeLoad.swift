import Simulation

/// A command line of siege: its clients and their pauses.
struct SiegeCommand {
    private(set) var clients: Clients

    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.first?.split(separator: "/").last == "siege" else { return nil }
        func value(_ short: String, _ long: String) -> Double? {
            for (index, word) in words.enumerated() {
                if word == short || word == long, index + 1 < words.count { return Double(words[index + 1]) }
                if word.hasPrefix(long + "=") { return Double(word.dropFirst(long.count + 1)) }
                if word.hasPrefix(short), let number = Double(word.dropFirst(short.count)) { return number }
            }
            return nil
        }
        guard let count = value("-c", "--concurrent"), (1...100_000).contains(count) else { return nil }
        let isBenchmark = words.contains { $0 == "-b" || $0 == "--benchmark" }
        let delay = isBenchmark ? 0 : value("-d", "--delay") ?? 1
        guard (0...86_400).contains(delay) else { return nil }
        clients = Clients(count: Int(count), pause: 0...delay, hasWholePauses: true)
    }

    /// Without the address.
    static func shortened(_ text: String) -> String {
        text.split(separator: " ").filter { !$0.contains("://") }.joined(separator: " ")
    }
}

/// The marks between the rows of siege's log, which say with how many clients each row was made.
struct SiegeMarks {
    private(set) var phases: [Phase] = []

    /// - Parameter intervals: the log's rows.
    init?(_ log: String?, intervals: [RecordedRun.Interval]) {
        guard let log, !intervals.isEmpty else { return nil }
        var marks: [(clients: Int, delay: Double)?] = []
        var mark: (clients: Int, delay: Double)?
        for line in log.split(whereSeparator: \.isNewline) {
            if line.contains("****") {
                mark = Self.mark(line)
            } else if line.contains(","), line.contains(where: \.isNumber), !line.contains("Elap Time") {
                marks.append(mark)
                mark = nil
            }
        }
        let known = marks.compactMap(\.self)
        guard known.count == intervals.count, marks.count == known.count else { return nil }
        var now = 0.0
        for (mark, interval) in zip(known, intervals) {
            if interval.start > now {
                phases.append(Phase(name: "idle", seconds: interval.start - now, traffic: .none))
            }
            let clients = Clients(count: mark.clients, pause: 0...mark.delay, hasWholePauses: true)
            phases.append(
                Phase(
                    name: "siege -d\(fixed(mark.delay, 0)) -c\(mark.clients)",
                    seconds: interval.end - max(interval.start, now), traffic: .closed(clients)))
            now = interval.end
            guard (phases.last?.seconds ?? 0) > 0 else { return nil }
        }
    }

    /// `phase 3 delay 100 clients 20`, `c20 d2`, `-d1 -c20`.
    private static func mark(_ line: Substring) -> (clients: Int, delay: Double)? {
        func number(_ word: some RegexComponent<(Substring, Substring)>) -> Double? {
            line.firstMatch(of: word).flatMap { Double($0.output.1) }
        }
        guard let clients = number(#/clients (\d+)/#) ?? number(#/\bc ?(\d+)/#),
            let delay = number(#/delay (\d+(?:\.\d+)?)/#) ?? number(#/\bd ?(\d+(?:\.\d+)?)/#),
            (1...100_000).contains(clients), (0...86_400).contains(delay)
        else { return nil }
        return (Int(clients), delay)
    }
}
