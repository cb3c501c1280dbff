import Foundation

/// The runs of a folder while its files are read: files of one run are put together.
struct RunCollection {
    private struct Key: Hashable {
        let folder: String
        let name: String
    }

    private var runs: [Key: LoadRun] = [:]
    // Files called just history.csv and so on, by their folder.
    private var unnamed: [String: LoadRun] = [:]

    /// Merges a file's run into the run that it belongs to.
    mutating func add(_ run: LoadRun, of file: InputFile) {
        let folder = URL(filePath: file.path).deletingLastPathComponent().path
        let key = Key(folder: folder, name: run.name)
        if run.proof != nil, runs[key]?.proof != nil {
            // Two proofs of one name are two runs.
            runs[Key(folder: folder, name: file.relativePath)] = run
        } else if file.hasName || run.proof != nil {
            Self.add(run, to: &runs[key])
        } else {
            Self.add(run, to: &unnamed[folder])
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
        for (folder, run) in unnamed {
            let proven = runs.filter { $0.key.folder == folder && $0.value.proof != nil }
            if let only = proven.first, proven.count == 1 {
                Self.add(run, to: &runs[only.key])
            } else {
                runs[Key(folder: folder, name: "")] = run
            }
        }
        return runs.values.sorted { one, other in
            let starts = (one.times?.lowerBound.seconds ?? .infinity, other.times?.lowerBound.seconds ?? .infinity)
            return (starts.0, one.name, one.sources.first ?? "") < (starts.1, other.name, other.sources.first ?? "")
        }
    }
}
