import Foundation

/// The files from Locust's page: their names contain the second of the download instead of the run's name.
///
/// `requests_1795787711.32.csv`, `failures_…`, `exceptions_…`, `stats_history_…`, `requests_full_history_…` until 2.3x; the
/// names' source is `web.py` of Locust 0.14.6 to 2.20. Downloads in one folder that were made within a minute of each
/// other, each kind once, belong to one run.
enum LocustDownloads {
    private static let maximumPauseSeconds = 60.0

    private struct Download {
        let index: Int
        let kind, folder: String
        let seconds: Double
    }

    /// The files, with the run's name given to the downloads.
    static func named(_ files: [InputFile]) -> [InputFile] {
        var files = files
        let downloads = files.enumerated().compactMap { index, file -> Download? in
            guard
                let match = file.name.wholeMatch(
                    of:
                        #/(requests|failures|exceptions|stats_history|requests_full_history)_(\d{10}(?:\.\d+)?)( \(\d+\))?\.csv/#
                ),
                let seconds = Double(match.2)
            else { return nil }
            let folder = URL(filePath: file.path).deletingLastPathComponent().path
            return Download(index: index, kind: String(match.1), folder: folder, seconds: seconds)
        }
        for (_, ofFolder) in Dictionary(grouping: downloads, by: \.folder) {
            var (name, kinds, last) = ("", Set<String>(), -Double.infinity)
            for one in ofFolder.sorted(by: { ($0.seconds, $0.kind) < ($1.seconds, $1.kind) }) {
                if one.seconds - last > maximumPauseSeconds || kinds.contains(one.kind) {
                    name = "locust \(Int(one.seconds))"
                    kinds = []
                }
                kinds.insert(one.kind)
                last = one.seconds
                files[one.index].givenName = name
            }
        }
        return files
    }
}
