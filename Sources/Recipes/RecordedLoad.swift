package import Simulation

extension LoadProfile {
    /// A recorded run's `timeline.csv`: the calls of each second become a rate.
    package static func timeline(_ text: String, name: String) throws(RecipeError) -> Load {
        let lines = text.split(whereSeparator: \.isNewline)
        let head = (lines.first ?? "").split(separator: ",").map(String.init)
        guard let time = head.firstIndex(of: "seconds"), let calls = head.firstIndex(of: "siege_calls") else {
            throw RecipeError(
                "\(name): it is not a recorded run's timeline: give one with columns seconds and siege_calls")
        }
        var rows = "t_s,requests_per_s\n"
        for line in lines.dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > max(time, calls) else { continue }
            rows += "\(cells[time]),\(cells[calls])\n"
        }
        return try csv(rows, name: name)
    }
}
