/// What a request's header fields say of the form of its body.
enum BodyForm {
    case json
    /// Compressed, or coded in another way: `Content-Encoding`.
    case coded
    /// JSON with tensors in binary form behind it: `Inference-Header-Content-Length`, an extension of the Open Inference
    /// Protocol (https://github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md).
    case binaryTensors

    /// Why a route does not read such a body; nil if it does.
    func error(on route: Route) -> HTTPError? {
        switch self {
        case .json: nil
        case .coded: route.isPost ? .codedBody : nil
        case .binaryTensors: route == .infer ? .binaryTensors : nil
        }
    }
}
