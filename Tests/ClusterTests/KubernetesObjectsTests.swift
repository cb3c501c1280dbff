import Foundation
import Testing

@testable import Cluster

/// The API server's objects, read without a cluster.
@Suite struct KubernetesObjectsTests {
    @Test("A label selector is written in the API's syntax")
    func labelSelector() throws {
        let json = """
            {"matchLabels":{"b":"2","a":"1"},"matchExpressions":[{"key":"tier","operator":"In","values":["x","y"]},
             {"key":"old","operator":"NotIn","values":["z"]},{"key":"app","operator":"Exists"},
             {"key":"gone","operator":"DoesNotExist"}]}
            """
        let selector: LabelSelector = try Kubectl.decode(Array(json.utf8))
        #expect(selector.text == "a=1,b=2,tier in (x,y),old notin (z),app,!gone")
    }
}
