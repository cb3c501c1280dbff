import NIOCore
import PredictionCache
import ScoringLog

/// One event loop's end of the scoring log: blocks are collected and handed to the one writer at the end of a tick.
final class CallLog {
    /// What is written for a scored call: `SCORING_LOG`.
    enum Form: String, CaseIterable, Sendable {
        case ml, dl, json, off
    }

    private let form: Form
    private let writer: ScoringLogWriter
    private let clock: WallClock
    private var batch = ScoringLogBatch()
    private var droppedLines = 0

    init(_ form: Form, _ writer: ScoringLogWriter, _ clock: WallClock) {
        self.form = form
        self.writer = writer
        self.clock = clock
    }

    /// Whether blocks of new calls still fit behind a slow reader.
    var hasRoom: Bool { writer.hasRoom }

    /// Notes a call that was answered with predictions.
    ///
    /// - Parameter bytes: of the answer's body.
    func scored(_ call: Call, bytes: Int, cache: CacheResult?, _ timing: ServerTiming, records: Int) {
        switch form {
        case .off: break
        case .ml: appendBlock(call, .ok, bytes, scored(call, timing, .ml))
        case .dl: appendBlock(call, .ok, bytes, scored(call, timing, .dl))
        case .json: appendRecord(call, .ok, records, cache, timing)
        }
    }

    /// Notes a call of a scoring route that was refused, unless a slow reader keeps the log full.
    func refused(_ call: Call, _ status: ResponseHead.Status, bytes: Int) {
        guard form == .off || writer.hasRoomForRefusal else {
            droppedLines += 1
            return
        }
        switch form {
        case .off: break
        case .ml, .dl: appendBlock(call, status, bytes, nil)
        case .json: appendRecord(call, status, nil, nil, nil)
        }
    }

    /// Hands over what this tick has collected.
    func flush() {
        if droppedLines > 0 {
            writer.dropped(droppedLines)
            droppedLines = 0
        }
        guard !batch.isEmpty else { return }
        writer.append(batch)
        batch.removeAll()
    }

    private func scored(_ call: Call, _ timing: ServerTiming, _ path: ScoringLogBlock.Path) -> ScoringLogBlock.Scored {
        .init(requestID: call.requestID, scoringNanoseconds: timing.cache + timing.score, path: path)
    }

    private func appendBlock(
        _ call: Call, _ status: ResponseHead.Status, _ bytes: Int, _ scored: ScoringLogBlock.Scored?
    ) {
        batch.append(
            ScoringLogBlock(
                time: clock.logTime, method: call.method.literal, route: call.route.literal,
                httpMinorVersion: call.minorVersion, status: status.rawValue,
                bodyBytes: call.method == .head ? 0 : bytes, scored: scored))
    }

    private func appendRecord(
        _ call: Call, _ status: ResponseHead.Status, _ records: Int?, _ cache: CacheResult?, _ timing: ServerTiming?
    ) {
        var record = ScoringLogRecord(
            time: clock.logTime, millisecond: clock.millisecond, requestID: call.requestID, route: call.route.literal,
            status: status.rawValue)
        record.records = records
        record.cache = cache?.words.label
        record.validateNanoseconds = timing?.validate
        record.cacheNanoseconds = cache == nil ? nil : timing?.cache
        record.scoreNanoseconds = timing?.score
        record.traceparent = call.traceparent
        batch.append(record)
    }
}
