import HTTP1
import Platform
import PredictionCache
import ScoringLog

/// The metrics as text, in either format.
struct MetricsText {
    private(set) var text = ""
    private let format: MetricsFormat

    /// Writes all series of the process.
    init(
        _ counted: Metrics.Snapshot, _ limits: ConcurrencyLimits, _ log: ScoringLogWriter, _ build: BuildInfo,
        _ format: MetricsFormat = .text
    ) {
        self.format = format
        writeRequests(counted)
        writeScoring(counted)
        writeCache(counted)
        gauge("bungalow_in_flight_requests", "Scoring requests in flight.", limits.inFlight.inUse)
        gauge("bungalow_queued_requests", "Scoring requests that wait.", limits.queued.inUse)
        gauge(
            "bungalow_buffered_bytes", "Bytes kept of requests that are incomplete or waiting.",
            limits.bufferedBytes.inUse)
        family("bungalow_rejected_requests_total", "Requests rejected because of saturation.", "counter")
        for reason in RejectionReason.allCases {
            sample("bungalow_rejected_requests_total{reason=\"\(reason.rawValue)\"}", counted.rejections[reason] ?? 0)
        }
        family("bungalow_log_lost_total", "Blocks of the scoring log that could not be written.", "counter")
        for reason in ScoringLogLossReason.allCases {
            sample("bungalow_log_lost_total{reason=\"\(reason.rawValue)\"}", log.lostBlocks(reason))
        }
        family("bungalow_build_info", "The running build; always 1.", "gauge")
        sample(
            """
            bungalow_build_info{version="\(build.release)",model_version="\(build.modelVersion)",\
            config="\(build.configuration)",instance="\(build.instance)"}
            """, 1)
        writeProcess(ProcessStatistics())
        if format == .openMetrics { text += "# EOF\n" }
    }

    private mutating func writeRequests(_ counted: Metrics.Snapshot) {
        family("bungalow_requests_total", "Requests that got a response.", "counter")
        let series = counted.requests.sorted {
            ($0.key.route.index, $0.key.status.code) < ($1.key.route.index, $1.key.status.code)
        }
        for (key, count) in series {
            sample("bungalow_requests_total{route=\"\(key.route.literal)\",status=\"\(key.status.code)\"}", count)
        }
        family(
            "bungalow_request_duration_seconds", "From a request's head until its response is written.", "histogram")
        for route in Route.allCases {
            guard let histogram = counted.requestSeconds[route] else { continue }
            self.histogram("bungalow_request_duration_seconds", "route=\"\(route.literal)\"", histogram)
        }
    }

    private mutating func writeScoring(_ counted: Metrics.Snapshot) {
        family("bungalow_scoring_duration_seconds", "Look-up and model, as in the scoring log.", "histogram")
        for result in CacheResult.allCases {
            guard let histogram = counted.scoringSeconds[result] else { continue }
            self.histogram("bungalow_scoring_duration_seconds", "cache=\"\(result.words.label)\"", histogram)
        }
        family("bungalow_batch_records", "Records in a scored batch.", "histogram")
        histogram("bungalow_batch_records", "", counted.batchRecords)
    }

    private mutating func writeCache(_ counted: Metrics.Snapshot) {
        family("bungalow_cache_lookups_total", "Look-ups by result.", "counter")
        for result in CacheResult.allCases {
            sample("bungalow_cache_lookups_total{result=\"\(result.words.label)\"}", counted.lookUps[result] ?? 0)
        }
        family("bungalow_cache_errors_total", "Failed cache operations.", "counter")
        for reason in CacheErrorReason.allCases {
            sample("bungalow_cache_errors_total{reason=\"\(reason.rawValue)\"}", counted.cacheErrors[reason] ?? 0)
        }
        if let isUp = counted.isCacheUp {
            gauge("bungalow_cache_up", "Whether look-ups are sent to the cache.", isUp ? 1 : 0)
        }
    }

    private mutating func writeProcess(_ process: ProcessStatistics) {
        family("process_cpu_seconds_total", "User and system time.", "counter")
        sample("process_cpu_seconds_total", process.cpuSeconds)
        gauge("process_resident_memory_bytes", "Resident memory.", process.residentBytes)
        gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtualBytes)
        gauge("process_open_fds", "Open file descriptors.", process.openDescriptors)
        gauge("process_max_fds", "The limit of open file descriptors.", process.maximumDescriptors)
        family("process_start_time_seconds", "Start time, since 1970.", "gauge")
        sample("process_start_time_seconds", process.startSeconds)
    }

    private mutating func family(_ name: String, _ help: String, _ type: String) {
        var name = name
        // OpenMetrics names a counter's family without the suffix of its samples.
        if format == .openMetrics, type == "counter" { name.removeLast("_total".count) }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func sample(
        _ series: String, _ value: some CustomStringConvertible, _ exemplar: Exemplar? = nil
    ) {
        text += "\(series) \(value)\(exemplar?.text ?? "")\n"
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: Int) {
        family(name, help, "gauge")
        sample(name, value)
    }

    private mutating func histogram(_ name: String, _ labels: String, _ histogram: Histogram) {
        let separator = labels.isEmpty ? "" : ","
        var cumulated: UInt64 = 0
        let bounds = histogram.bounds.map(\.description) + ["+Inf"]
        let hasExemplars = format == .openMetrics && !histogram.exemplars.isEmpty
        for (index, (bound, count)) in zip(bounds, histogram.counts).enumerated() {
            cumulated += count
            sample(
                "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"}", cumulated,
                hasExemplars ? histogram.exemplars[index] : nil)
        }
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        sample("\(name)_sum\(braces)", histogram.sum)
        sample("\(name)_count\(braces)", cumulated)
    }
}
