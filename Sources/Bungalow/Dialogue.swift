import Cluster
import Files
import Foundation
import LatencyAnalyzer

/// Standard input ended while waiting for an answer.
struct EndOfInput: Error {}

/// The questions of the original scripts, in their words; a wrong answer repeats the question.
struct Dialogue {
    /// Asks for a context, unless one was named.
    func chooseContext(_ named: String?) async throws -> Cluster {
        if let named { return Cluster(context: named) }
        let contexts = try await Cluster.contexts()
        guard !contexts.isEmpty else {
            throw OperatorError(
                .cluster,
                "kubectl knows no context: set one up (az aks get-credentials -g GROUP -n CLUSTER), or give --files")
        }
        try StandardOutput.say("\nNOTE: A star following the context name means it is the current context\n")
        let lines = contexts.map { "\($0.name) \($0.isCurrent ? "*" : "")" }
        let choice = try choose(
            lines, names: contexts.map(\.name), question: "\nEnter the integer selection for a context > ")
        try StandardOutput.say("You chose to use  \(contexts[choice].name)")
        return Cluster(context: contexts[choice].name)
    }

    /// Asks for a deployment.
    func chooseDeployment(in cluster: Cluster) async throws -> Cluster.Deployment {
        try StandardOutput.say("Collecting AKS deployments....")
        let deployments: [Cluster.Deployment]
        do {
            deployments = try await cluster.deployments()
        } catch let error as OperatorError where error.isMissingRight {
            throw OperatorError(
                .cluster, "\(error.description); without it, name one: --namespace NAME --deployment NAME")
        }
        guard !deployments.isEmpty else { throw OperatorError(.cluster, "the cluster has no deployments") }
        try StandardOutput.say("List of namespaces (deployment) found :")
        let lines = deployments.map { "\($0.namespace) (\($0.name))" }
        let choice = try choose(
            lines, names: deployments.map(\.name), question: "Enter the integer selection for a namespace > ")
        let deployment = deployments[choice]
        try StandardOutput.say("Namespace \(deployment.namespace) selected from deployment \(deployment.name)")
        return deployment
    }

    /// Asks for the kind of model, which the original scripts call a path; an empty answer means both.
    func chooseModelKind() throws -> AnalyzeCommand.ModelKindOption {
        try StandardOutput.say(
            "\nSelect the deployment type:\n1 : ML Path\n2 : DL Path\n(Enter alone: whatever the logs hold)")
        while true {
            switch try answer("Enter the path number: > ") {
            case "": return .auto
            case "1", "ml": return .ml
            case "2", "dl": return .dl
            default: try StandardOutput.say("Please answer 1 or 2, or just press Enter.")
            }
        }
    }

    /// Finds request ids until q or the end of input.
    func search(_ search: RequestSearch) throws {
        try StandardOutput.say("\nSearch for requests by ID, enter q to stop.\n")
        while true {
            let requestID = try answer("\nEnter a request ID to find> ")
            if requestID == "q" { return }
            if requestID.isEmpty { continue }
            let lines = try search.lines(for: requestID)
            try StandardOutput.say(lines.isEmpty ? "No request has this ID." : lines.joined(separator: "\n"))
        }
    }

    /// - Parameter names: may be entered instead of a number if unique.
    /// - Returns: the position of the line that was chosen.
    private func choose(_ lines: [String], names: [String], question: String) throws -> Int {
        for (index, line) in lines.enumerated() { try StandardOutput.say("\(index + 1) - \(line)") }
        while true {
            let answer = try answer(question)
            if let number = Int(answer), (1...lines.count).contains(number) { return number - 1 }
            let named = names.indices.filter { names[$0] == answer }
            if let only = named.first, named.count == 1 { return only }
            try StandardOutput.say("Please answer with a number from 1 to \(lines.count).")
        }
    }

    private func answer(_ question: String) throws -> String {
        try StandardOutput.write(question)
        guard let line = readLine() else { throw EndOfInput() }
        return line.trimmingCharacters(in: .whitespaces)
    }
}
