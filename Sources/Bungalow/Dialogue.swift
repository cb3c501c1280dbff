import Foundation
import LatencyAnalyzer

/// What stdin's end is while an answer is waited for.
struct EndOfInput: Error {}

/// The questions of the original scripts, in their words; a wrong answer is asked again.
struct Dialogue {
    /// Asks for a context, unless one was named.
    func chooseContext(_ named: String?) async throws -> Cluster {
        if let named { return Cluster(context: named) }
        let contexts = try await Cluster.contexts()
        guard !contexts.isEmpty else {
            throw AnalyzerFault(
                .cluster,
                "kubectl knows no context: set one up (az aks get-credentials -g GROUP -n CLUSTER), or give --files")
        }
        StandardOutput.say("\nNOTE: A star following the context name means it is the current context\n")
        let lines = contexts.map { "\($0.name) \($0.isCurrent ? "*" : "")" }
        let choice = try choose(lines, question: "\nEnter the integer selection for a context > ")
        StandardOutput.say("You chose to use  \(contexts[choice].name)")
        return Cluster(context: contexts[choice].name)
    }

    /// Asks for a deployment.
    func chooseDeployment(in cluster: Cluster) async throws -> Cluster.Deployment {
        StandardOutput.say("Collecting AKS deployments....")
        let deployments = try await cluster.deployments()
        guard !deployments.isEmpty else { throw AnalyzerFault(.cluster, "the cluster has no deployments") }
        StandardOutput.say("List of namespaces (deployment) found :")
        let lines = deployments.map { "\($0.namespace) (\($0.name))" }
        let choice = try choose(lines, question: "Enter the integer selection for a namespace > ")
        let deployment = deployments[choice]
        StandardOutput.say("Namespace \(deployment.namespace) selected from deployment \(deployment.name)")
        return deployment
    }

    /// Asks for the path; an empty answer takes both.
    func choosePath() throws -> AnalyzeCommand.Path {
        StandardOutput.say(
            "\nSelect the deployment type:\n1 : ML Path\n2 : DL Path\n(Enter alone: whatever the logs hold)")
        while true {
            switch try answer("Enter the path number: > ") {
            case "": return .auto
            case "1": return .ml
            case "2": return .dl
            default: StandardOutput.say("Please answer 1 or 2, or just press Enter.")
            }
        }
    }

    /// Finds request ids until q or the end of input.
    func search(_ search: RequestSearch) throws {
        StandardOutput.say("\nSearch for requests by ID, enter q to stop.\n")
        while true {
            let requestID = try answer("\nEnter a request ID to find> ")
            if requestID == "q" { return }
            if requestID.isEmpty { continue }
            let lines = try search.lines(for: requestID)
            StandardOutput.say(lines.isEmpty ? "No call has this request ID." : lines.joined(separator: "\n"))
        }
    }

    /// - Returns: the position of the line that was chosen.
    private func choose(_ lines: [String], question: String) throws -> Int {
        for (index, line) in lines.enumerated() { StandardOutput.say("\(index + 1) - \(line)") }
        while true {
            if let number = Int(try answer(question)), (1...lines.count).contains(number) { return number - 1 }
            StandardOutput.say("Please answer with a number from 1 to \(lines.count).")
        }
    }

    private func answer(_ question: String) throws -> String {
        StandardOutput.write(question)
        guard let line = readLine() else { throw EndOfInput() }
        return line.trimmingCharacters(in: .whitespaces)
    }
}
