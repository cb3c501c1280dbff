/// Why a request was rejected because the server is saturated, or was given up while it waited: the `reason` of
/// `bungalow_rejected_requests_total`.
enum RejectionReason: String, CaseIterable, Sendable {
    case inFlight = "in_flight"
    case queueFull = "queue_full"
    case queueDeadline = "queue_deadline"
    case bufferedBytes = "buffered_bytes"
    case clientGone = "client_gone"
    case connections
}
