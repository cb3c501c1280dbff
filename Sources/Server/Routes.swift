import NIOCore
import NIOHTTP1

/// What is answered on which path: a switch over route and method.
final class Routes {
    private let predictor: Predictor
    private let log: CallLog
    /// What `/readyz` says: that new calls are welcome.
    var isReady = true

    init(predictor: Predictor, log: CallLog) {
        self.predictor = predictor
        self.log = log
    }

    /// Answers a call, now or later.
    ///
    /// - Parameter body: all of the request's body.
    func respond(to call: Call, _ body: ByteBuffer) {
        guard call.route != .other else { return refuse(call, .notFound) }
        guard call.method != .OPTIONS else { return answerOptions(call) }
        guard call.route.accepts(call.method) else { return refuse(call, .methodNotAllowed(call.route.allow)) }
        // Nothing is lost from the log: while its reader is too slow, no call is taken that would have to stand in it.
        guard !call.route.isScoring || log.hasRoom else { return refuse(call, .saturated) }

        switch call.route {
        case .predict, .score: predictor.predict(body, call)
        case .test: predictor.predictSample(call)
        case .health: answer(call, #"{"status":"healthy"}"#)
        case .livez: answer(call, #"{"status":"alive"}"#)
        case .startupz: answer(call, #"{"status":"started"}"#)
        case .readyz: isReady ? answer(call, #"{"status":"ready"}"#) : refuse(call, .draining)
        case .other: refuse(call, .notFound)
        }
    }

    /// Answers a call with an error; those of scoring routes stand in the log.
    func refuse(_ call: Call, _ error: HTTPError) {
        let bytes = call.answer(error)
        if call.route.isScoring { log.refused(call, error.status, bytes: bytes) }
    }

    private func answerOptions(_ call: Call) {
        var head = ResponseHead(.noContent)
        head.allow = call.route.allow
        call.answer(head, ByteBuffer())
    }

    private func answer(_ call: Call, _ json: StaticString) {
        call.answer(ResponseHead(.ok), ByteBuffer(staticString: json))
    }
}
