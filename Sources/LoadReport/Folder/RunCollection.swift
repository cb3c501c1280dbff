import Foundation

/// The runs of a folder while its files are read: joins the files of each run.
///
/// Files of different tools are different runs, whatever their names; otherwise one tool's calls would hide another's.
struct RunCollection {
    private struct Key: Hashable {
        let folder: String
        var name = ""
        let tool: String

        init(folder: String, name: String = "", of run: LoadRun) {
            // Locust's saturation search of loadtest writes the throughput tool's files beside its own.
            tool = run.tool == "throughput tool" ? "locust" : run.tool
            (self.folder, self.name) = (folder, name)
        }
    }

    private var runs: [Key: LoadRun] = [:]
    // Files called just history.csv and so on, whose keys have no name.
    private var unnamed: [Key: LoadRun] = [:]

    /// Merges a file's run into the run that it belongs to.
    mutating func add(_ run: LoadRun, of file: InputFile) {
        let folder = URL(filePath: file.path).deletingLastPathComponent().path
        let key = Key(folder: folder, name: run.name, of: run)
        if run.proof != nil, runs[key]?.proof != nil {
            // Two proofs with the same name are two runs.
            runs[Key(folder: folder, name: file.relativePath, of: run)] = run
        } else if file.hasName || run.proof != nil {
            Self.add(run, to: &runs[key])
        } else {
            Self.add(run, to: &unnamed[Key(folder: folder, of: run)])
        }
    }

    private static func add(_ run: LoadRun, to place: inout LoadRun?) {
        guard var known = place else {
            place = run
            return
        }
        known.add(run)
        place = known
    }

    /// All runs; files without a name belong to their folder's only proven run, or make one of their own.
    var merged: [LoadRun] {
        var runs = runs
        for (key, run) in unnamed {
            let proven = runs.filter { $0.key.folder == key.folder && $0.value.proof != nil }
            if let only = proven.first, proven.count == 1, only.key.tool == key.tool {
                Self.add(run, to: &runs[only.key])
            } else {
                runs[key] = run
            }
        }
        let counts = Dictionary(grouping: runs.keys) { [$0.folder, $0.name] }
        for key in runs.keys where (counts[[key.folder, key.name]]?.count ?? 0) > 1 {
            if let run = runs[key] { runs[key]?.name = "\(run.name) (\(run.tool))" }
        }
        return runs.values.sorted { one, other in
            let starts = (one.times?.lowerBound.seconds ?? .infinity, other.times?.lowerBound.seconds ?? .infinity)
            return (starts.0, one.name, one.sources.first ?? "") < (starts.1, other.name, other.sources.first ?? "")
        }
    }
}
