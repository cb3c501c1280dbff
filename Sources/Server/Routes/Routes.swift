import Model
import NIOCore

/// What is answered on which path: a switch over route and method.
final class Routes {
    /// What `/readyz` says: that new calls are welcome.
    var isReady = true
    /// The keys of which scoring needs one; nil if it needs none.
    var apiKeys: APIKeys?

    private let predictor: Predictor
    private let admission: Admission
    private let replica: Replica
    private let log: CallLog
    private let metrics: Metrics
    private let reports: Reports
    private let pages: Pages

    init(
        predictor: Predictor, admission: Admission, replica: Replica, log: CallLog, metrics: Metrics, reports: Reports,
        pages: Pages, apiKeys: APIKeys?
    ) {
        self.predictor = predictor
        self.admission = admission
        self.replica = replica
        self.log = log
        self.metrics = metrics
        self.reports = reports
        self.pages = pages
        self.apiKeys = apiKeys
    }

    /// Whether a call may go on: what scores may need a key, nothing else does.
    func mayPass(_ call: Call, _ authorization: String?) -> Bool {
        guard let apiKeys, call.route.isScoring, call.method != .options else { return true }
        return apiKeys.accept(authorization)
    }

    /// Answers a call, now or later.
    ///
    /// - Parameter body: all of the request's body.
    func respond(to call: Call, _ body: ByteBuffer) {
        guard call.route != .other else { return answerUnknown(call) }
        guard call.method != .options else { return answerOptions(call, call.route.allow) }
        guard call.route.accepts(call.method) else { return refuse(call, .methodNotAllowed(call.route.allow)) }
        if let version = call.modelVersion, version != predictor.model.version { return refuse(call, .unknownVersion) }
        if call.bodyForm != .json, let error = call.bodyForm.error(on: call.route) { return refuse(call, error) }

        switch call.route {
        case .predict, .score, .test, .infer: admit(call, body)
        case .health: answer(call, Fixed.healthy)
        case .livez: answer(call, Fixed.alive)
        case .startupz: answer(call, Fixed.started)
        case .readyz: isReady ? answer(call, Fixed.ready) : refuse(call, .draining)
        case .metrics: reports.answerMetrics(call)
        case .version: reports.answerVersion(call)
        case .page: pages.home.answer(call)
        case .docs: pages.docs.answer(call)
        case .openAPI: pages.openAPI.answer(call)
        case .inferenceServer: answer(call, computed: OpenInference.server)
        case .inferenceLive: answer(call, Fixed.inferenceLive)
        case .inferenceReady: isReady ? answer(call, Fixed.inferenceReady) : refuse(call, .draining)
        case .model: answer(call, computed: OpenInference.model(version: predictor.model.version))
        case .modelReady: isReady ? answer(call, Fixed.modelReady) : refuse(call, .draining)
        case .other: refuse(call, .notFound)
        }
    }

    /// Answers a call with an error; those of scoring routes stand in the log.
    func refuse(_ call: Call, _ error: HTTPError) {
        let bytes = call.answer(error)
        if call.route.isScoring { log.refused(call, error.status, bytes: bytes) }
    }

    /// Scores now if there is a place in flight; else the call waits, within bounds.
    private func admit(_ call: Call, _ body: ByteBuffer) {
        guard !admission.enter() else { return score(call, body) }
        // Most refusals end here, before anything is made for a call that waits.
        guard !replica.queued.isFull else { return reject(call, replica.queued.isNone ? .inFlight : .queueFull) }
        // A slice of what one read brought would keep all of it.
        let body = ByteBuffer(bytes: body.readableBytesView)
        let bytes = body.readableBytes
        guard replica.bufferedBytes.enter(bytes) else { return reject(call, .bufferedBytes) }
        let arrival = NIODeadline.now()
        admission.wait(call) { [self] in
            replica.bufferedBytes.leave(bytes)
            call.waited = .now() - arrival
            score(call, body)
        } orRefuse: { [self] reason in
            replica.bufferedBytes.leave(bytes)
            reject(call, reason)
        }
    }

    private func score(_ call: Call, _ body: ByteBuffer) {
        switch call.route {
        case .test: predictor.predictSample(call)
        case .infer: predictor.infer(body, call)
        default: predictor.predict(body, call)
        }
    }

    private func reject(_ call: Call, _ reason: RejectionReason) {
        metrics.rejected(reason)
        refuse(call, .saturated)
    }

    private func answerUnknown(_ call: Call) {
        switch call.unknownTarget {
        case .server where call.method == .options: answerOptions(call, "GET, HEAD, POST, OPTIONS")
        case .inferencePath: refuse(call, .unknownInferencePath)
        default: refuse(call, .notFound)
        }
    }

    private func answerOptions(_ call: Call, _ allow: StaticString) {
        var head = ResponseHead(.noContent)
        head.allow = allow
        call.answer(head, ByteBuffer())
    }

    private func answer(_ call: Call, _ json: ByteBuffer) {
        call.answer(.momentary, json)
    }

    private func answer(_ call: Call, computed json: String) {
        call.answer(.momentary, ByteBuffer(string: json))
    }

    /// Answers that are always the same.
    private enum Fixed {
        static let healthy = ByteBuffer(staticString: #"{"status":"healthy"}"#)
        static let alive = ByteBuffer(staticString: #"{"status":"alive"}"#)
        static let started = ByteBuffer(staticString: #"{"status":"started"}"#)
        static let ready = ByteBuffer(staticString: #"{"status":"ready"}"#)
        static let inferenceLive = ByteBuffer(staticString: #"{"live":true}"#)
        static let inferenceReady = ByteBuffer(staticString: #"{"ready":true}"#)
        static let modelReady = ByteBuffer(staticString: #"{"name":"housing","ready":true}"#)
    }
}
