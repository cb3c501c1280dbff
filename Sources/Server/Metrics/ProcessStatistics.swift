import Platform

/// What the operating system reports about this process, as in Prometheus' client libraries; 0 if it reports nothing.
struct ProcessStatistics {
    private(set) var cpuSeconds = 0.0
    private(set) var residentBytes = 0
    private(set) var virtualBytes = 0
    private(set) var openDescriptors = 0
    private(set) var maximumDescriptors = 0
    private(set) var startSeconds = 0.0

    init() {
        var usage = rusage()
        if getrusage(Self.ownUsage, &usage) == 0 {
            cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
        maximumDescriptors = DescriptorLimit.current
        openDescriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        readStat()
    }

    #if os(Linux)
    private static let ownUsage = RUSAGE_SELF.rawValue
    #else
    private static let ownUsage = RUSAGE_SELF
    #endif

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// proc(5): fields 22 to 24 of /proc/self/stat, counted after the command's closing parenthesis.
    private mutating func readStat() {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return }
        let fields = stat[name...].split(separator: " ").dropFirst()
        func field(_ number: Int) -> Double { fields.dropFirst(number - 3).first.flatMap { Double($0) } ?? 0 }
        virtualBytes = Int(field(23))
        residentBytes = Int(field(24)) * Int(sysconf(Int32(_SC_PAGESIZE)))
        guard let boot = Self.bootSeconds() else { return }
        startSeconds = boot + field(22) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func bootSeconds() -> Double? {
        let stat = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
        let line = stat?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }
}
