import Model
import NIOCore
import PredictionCache

/// The predict story: bytes → batch → query key → cache → model → answer → log.
///
/// One per event loop. Nothing here waits or throws: a call goes on when the cache or the model calls back, and they
/// always do. A call comes in with a place in flight, and gives it back when it is answered.
///
/// - Row i of the answer belongs to record i of the request.
/// - A refused batch costs no key, no look-up and no model run.
/// - A cached answer equals the computed one bit for bit; a cache fault changes latency, never status or values.
final class Predictor {
    /// The model of new calls; calls under way keep theirs.
    var model: LinearModel {
        didSet { keyPrefix = CacheKey.prefix(namespace: namespace, modelVersion: model.version) }
    }

    private let namespace: String
    private var keyPrefix: String
    private let reader: BatchReader
    private let inferenceReader: InferenceReader
    private let cache: any PredictionCache
    private let runner: ModelRunner
    private let admission: Admission
    private let log: CallLog
    private let metrics: Metrics
    private var printed = PrintedBatch()
    private var keyText: [UInt8] = []

    init(
        model: LinearModel, namespace: String, reader: BatchReader, inferenceReader: InferenceReader,
        cache: any PredictionCache, runner: ModelRunner, admission: Admission, log: CallLog, metrics: Metrics
    ) {
        self.model = model
        self.namespace = namespace
        self.keyPrefix = CacheKey.prefix(namespace: namespace, modelVersion: model.version)
        self.reader = reader
        self.inferenceReader = inferenceReader
        self.cache = cache
        self.runner = runner
        self.admission = admission
        self.log = log
        self.metrics = metrics
    }

    /// Answers `POST /predict`.
    func predict(_ body: ByteBuffer, _ call: Call) {
        let started = NIODeadline.now()
        switch reader.read(body, for: model) {
        case .success(let batch):
            printed.print(batch)
            let key = QueryKey(printed, scratch: &keyText)
            call.predictAnswer = PredictAnswer(key, printed, predictions: batch.records.count)
            lookUpOrScore(batch, key, call, started)
        case .failure(let refusal): refuse(call, .unprocessable, refusal.body)
        }
    }

    /// Answers an inference request of the Open Inference Protocol: other bodies, the same story.
    func infer(_ body: ByteBuffer, _ call: Call) {
        let started = NIODeadline.now()
        switch inferenceReader.read(body, for: model) {
        case .success(let request):
            printed.print(request.batch)
            let key = QueryKey(printed, scratch: &keyText)
            let count = request.batch.records.count
            call.predictAnswer = PredictAnswer(
                key, modelVersion: model.version, id: request.id, predictions: count)
            lookUpOrScore(request.batch, key, call, started)
        case .failure(let refusal): refuse(call, .badRequest, refusal.body)
        }
    }

    private func lookUpOrScore(_ batch: HousingBatch, _ queryKey: QueryKey, _ call: Call, _ started: NIODeadline) {
        let model = model
        let key = CacheKey(prefix: keyPrefix, queryKey: queryKey)
        let validated = NIODeadline.now()
        let entryLimit = PredictAnswer.maximumBytes(predictions: batch.records.count)
        cache.lookUp(key, maximumBytes: entryLimit) { [self] found in
            let lookedUp = NIODeadline.now()
            let (result, cached) = read(found, entryLimit, count: batch.records.count)
            metrics.lookedUp(result)
            if let cached {
                send(cached, call, model, result, ServerTiming(started, validated, lookedUp, .now()))
                return
            }
            score(model, batch, call) { [self] predictions in
                let timing = ServerTiming(started, validated, lookedUp, .now())
                let entry = send(predictions, call, model, result, timing)
                cache.store(entry, for: key)
            }
        }
    }

    /// Answers `GET /test`: a built-in record scored by the model, without a look-up.
    func predictSample(_ call: Call) {
        let started = NIODeadline.now()
        let model = model
        printed.print(.sample)
        call.predictAnswer = PredictAnswer(QueryKey(printed, scratch: &keyText), printed, predictions: 1)
        let validated = NIODeadline.now()
        score(model, .sample, call) { [self] predictions in
            send(predictions, call, model, nil, ServerTiming(started, validated, validated, .now()))
        }
    }

    /// What a look-up comes to: an entry is a hit only if it holds one prediction for each record.
    private func read(_ found: CacheLookup, _ limit: Int, count: Int) -> (CacheResult, [Double]?) {
        switch found {
        case .entry(let bytes):
            let predictions = bytes.readableBytes <= limit ? reader.readPredictions(bytes, count: count) : nil
            if predictions == nil { metrics.cacheFailed(.badValue) }
            return predictions == nil ? (.miss, nil) : (.hit, predictions)
        case .missing: return (.miss, nil)
        case .unavailable: return (.bypass, nil)
        }
    }

    private func score(
        _ model: LinearModel, _ batch: HousingBatch, _ call: Call, _ completion: @escaping ([Double]) -> Void
    ) {
        runner.run(model, batch, for: call, completion) { [self] reason in
            // Whoever is refused while it waits for a core is in flight no more.
            metrics.rejected(reason)
            log.refused(call, .serviceUnavailable, bytes: call.answer(.saturated))
        }
    }

    @discardableResult
    private func send(
        _ predictions: [Double], _ call: Call, _ model: LinearModel, _ cache: CacheResult?, _ timing: ServerTiming
    ) -> ByteBuffer {
        let entry = call.predictAnswer.finish(predictions)
        let scoring = ResponseHead.Scoring(cache: cache, modelVersion: model.version, timing: timing)
        let body = call.predictAnswer.body
        call.answer(ResponseHead(.ok, scoring: scoring), body)
        log.scored(call, bytes: body.readableBytes, cache: cache, timing, records: predictions.count)
        metrics.scored(timing, cache, records: predictions.count)
        admission.leave()
        return entry
    }

    private func refuse(_ call: Call, _ status: ResponseHead.Status, _ body: ByteBuffer) {
        call.answer(ResponseHead(status), body)
        log.refused(call, status, bytes: body.readableBytes)
        admission.leave()
    }
}

extension ServerTiming {
    /// From the moments that end a call's stages.
    fileprivate init(_ started: NIODeadline, _ validated: NIODeadline, _ lookedUp: NIODeadline, _ scored: NIODeadline) {
        validate = validated.uptimeNanoseconds - started.uptimeNanoseconds
        cache = lookedUp.uptimeNanoseconds - validated.uptimeNanoseconds
        score = scored.uptimeNanoseconds - lookedUp.uptimeNanoseconds
    }
}
