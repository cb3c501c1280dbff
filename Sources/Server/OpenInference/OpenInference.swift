import HTTP1
import NIOCore
import Release

/// What the Open Inference Protocol's routes return about the server and the model.
///
/// Source: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md.
enum OpenInference {
    /// `GET /v2`.
    static let server = #"{"name":"bungalow","version":"\#(release)","extensions":[]}"#

    /// `GET /v2/models/housing`; -1 stands for any number of records.
    static func model(version: String) -> String {
        #"""
        {"name":"housing","versions":["\#(version)"],"platform":"bungalow_linear",\#
        "inputs":[{"name":"input","datatype":"FP64","shape":[-1,8]}],\#
        "outputs":[{"name":"predict","datatype":"FP64","shape":[-1,1]}]}
        """#
    }

    static let live = ByteBuffer(staticString: #"{"live":true}"#)
    static let ready = ByteBuffer(staticString: #"{"ready":true}"#)
    static let modelReady = ByteBuffer(staticString: #"{"name":"housing","ready":true}"#)

    /// The header that announces tensors in binary form after the JSON, an extension of the protocol
    /// (https://github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md).
    static let binaryTensorsField: StaticString = "inference-header-content-length"
}

extension HTTPError {
    static func unknownInferencePath(_ near: NearPath?) -> HTTPError {
        HTTPError(
            status: .notFound, detail: "Not Found: the only model is housing, at /v2/models/housing", hint: near?.hint)
    }

    static let unknownVersion = HTTPError(status: .notFound, detail: "The model has no such version")
    static let binaryTensors = HTTPError(
        status: .badRequest,
        detail: """
            Tensors in binary form are not supported: send their data as JSON (binary_data=False in the clients of \
            Triton and KServe)
            """)
}
