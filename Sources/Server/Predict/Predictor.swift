import Model
import NIOCore
import ScoringLog

/// The predict story: bytes → batch → query key → cache → model → answer → log.
///
/// One per event loop. Nothing here waits or throws: a call goes on when the cache calls back, and the cache always does.
///
/// - Row i of the answer belongs to record i of the request.
/// - A refused batch costs no key, no look-up and no model run.
/// - A cached answer equals the computed one bit for bit; a cache fault changes latency, never status or values.
final class Predictor {
    private let model: LinearModel
    private let keyPrefix: String
    private let reader: BatchReader
    private let cache: any PredictionCache
    private let log: CallLog
    private var printed = PrintedBatch()
    private var keyText: [UInt8] = []
    private let sample: HousingBatch

    init(model: LinearModel, namespace: String, reader: BatchReader, cache: any PredictionCache, log: CallLog) {
        self.model = model
        self.keyPrefix = CacheKey.prefix(namespace: namespace, modelVersion: model.version)
        self.reader = reader
        self.cache = cache
        self.log = log
        self.sample = HousingBatch.sample
    }

    /// Answers `POST /predict`.
    func predict(_ body: ByteBuffer, _ call: Call) {
        let started = NIODeadline.now()
        let batch: HousingBatch
        switch reader.read(body, for: model) {
        case .success(let valid): batch = valid
        case .failure(let refusal): return refuse(call, refusal)
        }

        printed.print(batch)
        let key = CacheKey(prefix: keyPrefix, queryKey: QueryKey(printed, scratch: &keyText))
        let answer = PredictAnswer(key.queryKey, printed)

        let validated = NIODeadline.now()
        let entryLimit = PredictAnswer.maximumBytes(predictions: batch.records.count)
        cache.lookUp(key, maximumBytes: entryLimit) { [self] found in
            let lookedUp = NIODeadline.now()
            let (result, cached) = read(found, entryLimit, count: batch.records.count)
            let predictions = cached ?? model.predict(batch)
            let scored = NIODeadline.now()

            var answer = answer
            let entry = answer.finish(predictions)
            if result != .hit { cache.store(entry, for: key) }
            let timing = ServerTiming(started, validated, lookedUp, scored)
            send(answer.body, call, result, timing, records: batch.records.count)
        }
    }

    /// Answers `GET /test`: a built-in record scored by the model, without a look-up.
    func predictSample(_ call: Call) {
        let started = NIODeadline.now()
        printed.print(sample)
        var answer = PredictAnswer(QueryKey(printed, scratch: &keyText), printed)
        let validated = NIODeadline.now()
        let predictions = model.predict(sample)
        let timing = ServerTiming(started, validated, validated, .now())
        _ = answer.finish(predictions)
        send(answer.body, call, nil, timing, records: sample.records.count)
    }

    /// What a look-up comes to: an entry is a hit only if it holds one prediction for each record.
    private func read(_ found: CacheAnswer, _ limit: Int, count: Int) -> (CacheResult, [Double]?) {
        switch found {
        case .entry(let bytes):
            let predictions = bytes.readableBytes <= limit ? reader.readPredictions(bytes, count: count) : nil
            return predictions == nil ? (.miss, nil) : (.hit, predictions)
        case .none: return (.miss, nil)
        case .unavailable: return (.bypass, nil)
        }
    }

    private func send(_ body: ByteBuffer, _ call: Call, _ cache: CacheResult?, _ timing: ServerTiming, records: Int) {
        let scoring = ResponseHead.Scoring(cache: cache, modelVersion: model.version, timing: timing)
        call.answer(ResponseHead(.ok, scoring: scoring), body)
        log.scored(call, bytes: body.readableBytes, cache: cache, timing, records: records)
    }

    private func refuse(_ call: Call, _ refusal: Refusal) {
        call.answer(ResponseHead(.unprocessable), refusal.body)
        log.refused(call, .unprocessable, bytes: refusal.body.readableBytes)
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
