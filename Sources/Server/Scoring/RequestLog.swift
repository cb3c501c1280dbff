import HTTP1
import PredictionCache
import ScoringLog

/// What a scored request writes: `SCORING_LOG`.
enum ScoringLogFormat: String, CaseIterable, Sendable {
    case ml, dl, json, off
}

/// One event loop's part of the scoring log: blocks are collected, and passed to the one writer at the end of a tick.
final class RequestLog {
    private let format: ScoringLogFormat
    private let writer: ScoringLogWriter
    private let clock: WallClock
    private var time = CommonLogTime(secondsSince1970: 0)
    private var batch = ScoringLogBatch()
    private var droppedLines = 0

    init(_ format: ScoringLogFormat, _ writer: ScoringLogWriter, _ clock: WallClock) {
        self.format = format
        self.writer = writer
        self.clock = clock
    }

    /// Whether blocks of new requests still fit, however slowly the log is read.
    var hasRoom: Bool { writer.hasRoom }

    /// Logs a request that got predictions.
    ///
    /// - Parameter bytes: the length of the response's body.
    func scored(_ exchange: HTTPExchange, bytes: Int, _ cache: CacheResult?, _ timing: ServerTiming, records: Int) {
        switch format {
        case .off: break
        case .ml: append(exchange, .ok, bytes, scored(exchange, timing, .ml))
        case .dl: append(exchange, .ok, bytes, scored(exchange, timing, .dl))
        case .json:
            var record = record(exchange, .ok)
            record.records = records
            record.cache = cache?.words.label
            record.validateNanoseconds = timing.validate
            record.cacheNanoseconds = cache == nil ? nil : timing.cache
            record.scoreNanoseconds = timing.score
            batch.append(record)
        }
    }

    /// Logs a request of a scoring route that was not scored, unless a slow reader keeps the log full.
    func unscored(_ exchange: HTTPExchange, _ status: ResponseStatus, bytes: Int) {
        guard format == .off || writer.hasRoomForRejected else {
            droppedLines += 1
            return
        }
        switch format {
        case .off: break
        case .ml, .dl: append(exchange, status, bytes, nil)
        case .json: batch.append(record(exchange, status))
        }
    }

    /// Passes on the blocks of this tick.
    func flush() {
        if droppedLines > 0 {
            writer.countDropped(droppedLines)
            droppedLines = 0
        }
        guard !batch.isEmpty else { return }
        writer.append(batch)
        batch.removeAll()
    }

    private func scored(
        _ exchange: HTTPExchange, _ timing: ServerTiming, _ kind: ModelKind
    ) -> ScoringLogBlock.Scored {
        .init(requestID: exchange.request.id, scoringNanoseconds: timing.cache + timing.score, modelKind: kind)
    }

    private func append(
        _ exchange: HTTPExchange, _ status: ResponseStatus, _ bytes: Int, _ scored: ScoringLogBlock.Scored?
    ) {
        let request = exchange.request
        batch.append(
            ScoringLogBlock(
                time: updatedTime(), method: request.method.literal, route: exchange.route.literal,
                httpMinorVersion: request.minorVersion, status: status.code,
                bodyBytes: request.method == .head ? 0 : bytes, scored: scored))
    }

    private func record(_ exchange: HTTPExchange, _ status: ResponseStatus) -> ScoringLogRecord {
        var record = ScoringLogRecord(
            time: updatedTime(), millisecond: clock.millisecond, requestID: exchange.request.id,
            route: exchange.route.literal, status: status.code)
        record.traceparent = exchange.traceparent
        return record
    }

    /// The tick's time; its text changes once a second.
    private func updatedTime() -> CommonLogTime {
        if time.secondsSince1970 != clock.secondsSince1970 { time.update(secondsSince1970: clock.secondsSince1970) }
        return time
    }
}
