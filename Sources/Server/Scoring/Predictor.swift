import HTTP1
import Model
import NIOCore
import PredictionCache

/// The predict story: bytes → permit → batch → query key → cache → model → response → log.
///
/// One per event loop. Nothing here waits or throws: a request continues when a permit, the cache or the model calls
/// back, and they always do. It ends in `ScoringRequest.finish`, which responds, logs, counts and releases.
///
/// - Row i of the response belongs to record i of the request.
/// - An invalid batch costs no key, no look-up and no model run.
/// - A cached response equals the computed one bit for bit; a cache error changes latency, never status or values.
final class Predictor {
    /// The model of new requests; requests under way keep theirs.
    private(set) var model: ActiveModel

    private let namespace: String
    private let reader: BatchReader
    private let inferenceReader: InferenceReader
    private let admission: Admission
    private let cache: any PredictionCache
    private let runner: ModelRunner
    private let log: RequestLog
    private let metrics: Metrics
    private var rendered = RenderedBatch()
    private var keyText: [UInt8] = []

    init(
        _ model: LinearModel, namespace: String, _ reader: BatchReader, _ inferenceReader: InferenceReader,
        _ admission: Admission, _ cache: any PredictionCache, _ runner: ModelRunner, _ log: RequestLog,
        _ metrics: Metrics
    ) {
        self.model = ActiveModel(model, namespace: namespace)
        self.namespace = namespace
        self.reader = reader
        self.inferenceReader = inferenceReader
        self.admission = admission
        self.cache = cache
        self.runner = runner
        self.log = log
        self.metrics = metrics
    }

    /// Scores new requests with another model.
    func replaceModel(_ model: LinearModel) { self.model = ActiveModel(model, namespace: namespace) }

    // MARK: The story

    /// A request arrives, and gets its permit at once, after waiting, or never.
    func score(_ exchange: consuming HTTPExchange, _ body: ByteBuffer) {
        let request = ScoringRequest(exchange, model, log, metrics)
        if let permit = admission.tryAcquire() {
            request.start(permit)
            validate(body, request)
        } else {
            admission.enqueue(request, body) { [self] in
                validate($0, request)
            } orReject: {
                request.finish(.rejected($0))
            }
        }
    }

    /// The body becomes a batch whose records have passed every rule, and the response begins with the batch's key.
    private func validate(_ body: ByteBuffer, _ request: ScoringRequest) {
        request.started = .now()
        guard read(body, request) else { return }
        let queryKey = QueryKey(rendered, scratch: &keyText)
        request.response = PredictResponse(to: request, queryKey, rendered)
        request.validated = .now()
        // For GET /test the built-in record is scored, without a look-up.
        request.lookedUp = request.validated
        guard request.route != .test else { return score(request, storingAs: nil) }
        lookUp(CacheKey(prefix: request.model.keyPrefix, queryKey: queryKey), request)
    }

    /// The cache has an entry with one prediction for each record, or the model runs.
    private func lookUp(_ key: CacheKey, _ request: ScoringRequest) {
        let entryLimit = PredictResponse.maximumBytes(predictions: request.batch.records.count)
        cache.lookUp(key, maximumBytes: entryLimit) { [self] found in
            request.lookedUp = .now()
            let (result, predictions) = accept(found, entryLimit, count: request.batch.records.count)
            request.cacheResult = result
            metrics.lookedUp(result)
            if let predictions { request.finish(.scored(predictions)) } else { score(request, storingAs: key) }
        }
    }

    /// Runs the model: now, or later if runs have a cost. The cache gets the entry after the client got the response.
    private func score(_ request: ScoringRequest, storingAs key: CacheKey?) {
        guard runner.isFree else { return runner.run(request) { [self] in predict(request, storingAs: key) } }
        predict(request, storingAs: key)
    }

    private func predict(_ request: ScoringRequest, storingAs key: CacheKey?) {
        let entry = request.finish(.scored(.numbers(request.model.model.predict(request.batch))))
        if let key { cache.store(entry, for: key) }
    }

    // MARK: Its details

    /// Reads and prints the batch.
    ///
    /// - Returns: false if the body is invalid; then the request has ended.
    private func read(_ body: ByteBuffer, _ request: ScoringRequest) -> Bool {
        switch request.route {
        case .test: rendered.render(request.batch)
        case .infer:
            switch inferenceReader.read(body, for: request.model.model) {
            case .success(let inference):
                (request.batch, request.inferenceID) = (inference.batch, inference.id)
                rendered.render(inference.batch)
            case .failure(let error): request.finish(.invalid(.badRequest, error.body)); return false
            }
        default:
            switch reader.read(body, for: request.model.model, into: &rendered) {
            case .success(let batch): request.batch = batch
            case .failure(let error): request.finish(.invalid(.unprocessable, error.body)); return false
            }
        }
        return true
    }

    /// The result of a look-up: an entry is a hit only if it holds one prediction for each record.
    ///
    /// An entry in the form that this server prints is passed on unchanged: reading its numbers and printing them again
    /// would give the same text, at a sixth of a large hit's cost.
    private func accept(
        _ found: CacheLookup, _ limit: Int, count: Int
    ) -> (CacheResult, PredictResponse.Predictions?) {
        switch found {
        case .entry(let bytes):
            guard bytes.readableBytes <= limit else { break }
            if bytes.withUnsafeReadableBytes({ PythonFloat.isList($0, count: count) }) { return (.hit, .text(bytes)) }
            if let numbers = reader.readPredictions(bytes, count: count) { return (.hit, .numbers(numbers)) }
        case .missing: return (.miss, nil)
        case .unavailable: return (.bypass, nil)
        }
        metrics.cacheFailed(.badValue)
        return (.miss, nil)
    }

    // MARK: What others ask of it

    /// A request of a scoring route fails as a whole, before its body counts.
    func fail(_ exchange: HTTPExchange, _ error: HTTPError) {
        ScoringRequest(exchange, model, log, metrics).finish(.failed(error))
    }

    /// Starts waiting requests if what they wait for is available now.
    func startWaiting() {
        admission.startWaiting()
        runner.startWaiting()
    }

    /// Rejects waiting requests whose clients have gone.
    func rejectAbandoned() {
        admission.rejectAbandoned()
        runner.rejectAbandoned()
    }
}
