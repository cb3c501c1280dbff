import Release

/// What the Open Inference Protocol's routes say of the server and of the model.
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
}
