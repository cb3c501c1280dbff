import Foundation

/// The ways in which people save the logs of two pods, made from their blocks.
enum LogForm: CaseIterable {
    case timestamps, timestampsWithZone, prefix, prefixAndTimestamps, allContainers
    case stern, sternAllNamespaces, sternInColours, sternWithTimestamps, sternJSON
    case compose, composeInColours, composeUnderscores, composeOneBlank, composeWithTimestamps, swarm
    case cri, criInParts, criWithZone, dockerJSON, dockerJSONInParts, windowsPrefix
    case portalTable, portalTableNewestFirst, azureJSON, azureJSONNewestFirst, azureJSONInOneLine

    /// Whether one file holds both pods.
    var holdsBothPods: Bool {
        switch self {
        case .timestamps, .timestampsWithZone, .cri, .criInParts, .criWithZone, .dockerJSON, .dockerJSONInParts: false
        default: true
        }
    }

    /// Whether the last line comes first.
    var isNewestFirst: Bool {
        switch self {
        case .portalTableNewestFirst, .azureJSONNewestFirst, .azureJSONInOneLine: true
        default: false
        }
    }

    /// A file's text.
    ///
    /// - Parameter lines: of the pods, in the order of time.
    func text(_ lines: [(pod: String, line: String)]) -> String {
        let rows = lines.enumerated().map { index, line in row(line.pod, line.line, index) }
        let ordered = isNewestFirst ? Array(rows.reversed()) : rows
        switch self {
        case .azureJSON, .azureJSONNewestFirst: return "[\n" + ordered.joined(separator: ",\n") + "\n]\n"
        case .azureJSONInOneLine: return "[" + ordered.joined(separator: ", ") + "]"
        case .portalTable, .portalTableNewestFirst:
            return "TimeGenerated [UTC],Computer,PodName,LogMessage,LogSource\n" + ordered.joined(separator: "\n")
                + "\n"
        default: return ordered.joined(separator: self == .windowsPrefix ? "\r\n" : "\n") + "\n"
        }
    }

    private func row(_ pod: String, _ line: String, _ index: Int) -> String {
        let stamp = String(format: "2026-11-21T11:28:%02d.%07dZ", 10 + index / 1000, index % 1000 * 1000 + 1)
        let zoned = stamp.replacing("T11", with: "T12").replacing("Z", with: "+01:00")
        let json = line.replacing("\"", with: "\\\"")
        switch self {
        case .timestamps: return "\(stamp) \(line)"
        case .timestampsWithZone: return "\(zoned) \(line)"
        case .prefix, .windowsPrefix: return "[pod/\(pod)/bungalow] \(line)"
        case .prefixAndTimestamps: return "[pod/\(pod)/bungalow] \(stamp) \(line)"
        case .allContainers:
            let other =
                "[pod/\(pod)/istio-proxy] 10.0.0.7 - - [21/Nov/2026:11:28:10 +0000] \"POST /predict HTTP/1.1\" 200 1"
            return "[pod/\(pod)/bungalow] \(line)\n\(other)"
        case .stern: return "\(pod) bungalow \(line)"
        case .sternAllNamespaces: return "lab \(pod) bungalow \(line)"
        case .sternInColours: return "\u{1B}[36m\(pod)\u{1B}[0m \u{1B}[96mbungalow\u{1B}[0m \(line)"
        case .sternWithTimestamps: return "\(pod) bungalow \(stamp) \(line)"
        case .sternJSON:
            return #"{"message":"\#(json)","nodeName":"n","namespace":"lab","podName":"\#(pod)","containerName":"b"}"#
        case .compose: return "\(pod)     | \(line)"
        case .composeInColours: return "\u{1B}[33m\(pod)     | \u{1B}[0m\(line)"
        case .composeUnderscores: return "\u{1B}[36m\(pod)    |\u{1B}[0m \(line)"
        case .composeOneBlank: return "\(pod) |\(line)"
        case .composeWithTimestamps: return "\(pod)  | \(stamp) \(line)"
        case .swarm: return "\(pod).1.x7k2@node-1    | \(line)"
        case .cri: return "\(stamp) stdout F \(line)"
        case .criWithZone: return "\(zoned) stdout F \(line)"
        case .criInParts:
            let half = line.index(line.startIndex, offsetBy: line.count / 2)
            return "\(stamp) stdout P \(line[..<half])\n\(stamp) stderr F 2026-11-21T11:28:10+0000 notice\n"
                + "\(stamp) stdout F \(line[half...])"
        case .dockerJSON: return #"{"log":"\#(json)\n","stream":"stdout","time":"\#(stamp)"}"#
        case .dockerJSONInParts:
            let long = String(repeating: "x", count: 16_384)
            return #"{"log":"\#(long)","stream":"stderr","time":"\#(stamp)"}"# + "\n"
                + #"{"log":" end\n","stream":"stderr","time":"\#(stamp)"}"# + "\n"
                + #"{"log":"\#(json)\n","stream":"stdout","time":"\#(stamp)"}"#
        case .portalTable, .portalTableNewestFirst:
            return #""11/21/2026, 11:28:10.107 AM",aks-1,\#(pod),"\#(line.replacing("\"", with: "\"\""))",stdout"#
        case .azureJSON, .azureJSONNewestFirst:
            return
                "  {\n    \"LogMessage\": \"\(json)\",\n    \"PodName\": \"\(pod)\",\n    \"TimeGenerated\": \"\(stamp)\"\n  }"
        case .azureJSONInOneLine:
            return #"{"PodName": "\#(pod)", "LogMessage": "\#(json)", "TimeGenerated": "\#(stamp)"}"#
        }
    }
}
