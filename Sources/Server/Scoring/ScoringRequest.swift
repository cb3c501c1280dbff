import Bytes
import HTTP1
import Model
import NIOCore
import PredictionCache

/// One request on a scoring route, from its arrival to its one end.
///
/// It owns its permits: `finish` releases them, and so does the end of this object.
final class ScoringRequest {
    /// How a scoring request ends.
    enum Outcome {
        case scored(PredictResponse.Predictions)
        /// The body, or the path, asks for something that does not exist; the request's records were not scored.
        case invalid(ResponseStatus, ByteBuffer)
        /// It failed as a whole, before its body counted.
        case failed(HTTPError)
        /// The server is saturated, or the client has gone.
        case rejected(RejectionReason)
    }

    let exchange: HTTPExchange
    /// The model that scores it, even if another one is loaded meanwhile.
    let model: ActiveModel
    /// The body of its 200, as far as it is written.
    var response = PredictResponse()
    /// The records to score; those of `GET /test` until a body was read.
    var batch = HousingBatch.sample
    /// The caller's id of an inference request, to be echoed: a JSON string with its quotes.
    var inferenceID: ByteBuffer?
    /// The result of the look-up; nil if the route has none.
    var cacheResult: CacheResult?
    private(set) var waited = TimeAmount.zero

    /// When its stages ended.
    var started = NIODeadline.uptimeNanoseconds(0)
    var validated = NIODeadline.uptimeNanoseconds(0)
    var lookedUp = NIODeadline.uptimeNanoseconds(0)
    private var timing = ServerTiming()

    private let log: RequestLog
    private let metrics: Metrics
    private var inFlight: Permit?
    private var core: Permit?
    private var buffered: Permit?

    init(_ exchange: HTTPExchange, _ model: ActiveModel, _ log: RequestLog, _ metrics: Metrics) {
        self.exchange = exchange
        self.model = model
        self.log = log
        self.metrics = metrics
    }

    var route: Route { exchange.route }

    /// Whether the client has gone, so that nothing can be sent to it any more.
    var isAbandoned: Bool { exchange.isAbandoned }

    // MARK: What it holds

    /// It is in flight from now on.
    func start(_ permit: consuming Permit, waited time: TimeAmount = .zero) {
        inFlight = consume permit
        buffered = nil
        waited = waited + time
    }

    /// Accounts for a body that is kept while the request waits.
    ///
    /// - Returns: false if the process would exceed its limit.
    func buffer(_ bytes: Int, within semaphore: Semaphore) -> Bool {
        buffered = semaphore.tryAcquire(bytes)
        return buffered != nil
    }

    /// Waits for a core, and is not in flight meanwhile.
    func pause() { inFlight = nil }

    /// Runs on a core of its own.
    func occupy(_ permit: consuming Permit) { core = consume permit }

    /// Releases the core.
    func vacate() { core = nil }

    private func release() {
        inFlight = nil
        core = nil
        buffered = nil
    }

    // MARK: Its end

    /// Responds, logs, counts and releases: every scoring request ends here, once.
    ///
    /// - Returns: the predictions' JSON text if it was scored; it is also the cache's entry.
    @discardableResult
    func finish(_ outcome: Outcome) -> ByteBuffer {
        defer { release() }
        switch outcome {
        case .scored(let predictions):
            timing = ServerTiming(started, validated, lookedUp, .now())
            let entry = response.finish(predictions)
            let body = response.body
            exchange.respond(ResponseHead(.ok, fields: self), body)
            log.scored(exchange, bytes: body.readableBytes, cacheResult, timing, records: batch.records.count)
            metrics.scored(timing, cacheResult, records: batch.records.count, in: exchange.request.trace)
            return entry
        case .invalid(let status, let body):
            exchange.respond(ResponseHead(status), body)
            log.unscored(exchange, status, bytes: body.readableBytes)
        case .failed(let error):
            log.unscored(exchange, error.status, bytes: exchange.respond(error))
        case .rejected(let reason):
            metrics.rejected(reason)
            log.unscored(exchange, .serviceUnavailable, bytes: exchange.respond(.saturated))
        }
        return ByteBuffer()
    }
}

/// The header fields of a response with predictions.
extension ScoringRequest: ResponseFields {
    var maximumFieldBytes: Int { model.version.utf8.count + ServerTiming.maximumBytes }

    func writeFields(to output: inout ByteWriter) {
        if let cacheResult {
            output.put("\r\nX-Cache: ")
            output.put(cacheResult.words.header)
        }
        output.put("\r\nX-Model-Version: ")
        output.put(text: model.version)
        timing.write(to: &output)
    }
}

extension ServerTiming {
    /// From the moments that end a request's stages.
    fileprivate init(_ started: NIODeadline, _ validated: NIODeadline, _ lookedUp: NIODeadline, _ scored: NIODeadline) {
        validate = validated.uptimeNanoseconds - started.uptimeNanoseconds
        cache = lookedUp.uptimeNanoseconds - validated.uptimeNanoseconds
        score = scored.uptimeNanoseconds - lookedUp.uptimeNanoseconds
    }
}
