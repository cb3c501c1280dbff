import Foundation
import HTTP1
import Testing

@testable import Server

/// From a request target to a route.
@Suite struct RouteTests {
    @Test("a known path is its route, in origin form and in absolute form, whatever the query")
    func known() {
        for route in Route.allCases where route != .other {
            let path = route.literal.description
            for target in [path, "\(path)?", "\(path)?a=/b?c", "http://host\(path)", "https://h:1\(path)?x://y/z"] {
                #expect(Route(target: target) == route, "\(target)")
            }
        }
    }

    @Test("an absolute form without a path is the page", arguments: ["http://predict", "HTTPS://h:1", "http://h?/x"])
    func withoutPath(target: String) {
        #expect(Route(target: target) == .page)
    }

    @Test("a target of no route is the whole server's, the Open Inference Protocol's, or unknown")
    func unknownTargets() {
        #expect(UnknownTarget("*") == .server)
        for target in ["/v2/x?y", "http://host/v2/models/other"] {
            #expect(UnknownTarget(target) == .inferencePath(near: nil), "\(target)")
        }
        for target in ["**", "/*", "/v20", "/x?/v2/", "/x/../predict", "/%2Fa"] {
            #expect(UnknownTarget(target) == .path(near: nil), "\(target)")
        }
        #expect(UnknownTarget("/v2/") == .inferencePath(near: NearPath(.inferenceServer)))
        #expect(UnknownTarget("/x/v2/") == .path(near: NearPath(.inferenceServer, hasPrefix: true)))
        #expect(UnknownTarget("//") == .path(near: NearPath(.page)))
    }

    @Test("an unknown target is kept as a short text, whatever it is near to")
    func codes() {
        var targets = [UnknownTarget.server, .path(near: nil), .inferencePath(near: nil)]
        for route in Route.allCases {
            for hasPrefix in [false, true] {
                targets.append(.path(near: NearPath(route, hasPrefix: hasPrefix)))
                targets.append(.inferencePath(near: NearPath(route, hasPrefix: hasPrefix)))
            }
        }
        for target in targets { #expect(UnknownTarget(code: target.code) == target) }
        #expect(UnknownTarget(code: "") == nil)
    }

    @Test("each known path is the nearest of its usual mistakes")
    func near() {
        for route in Route.allCases where route != .other && route != .page {
            let path = route.literal.description
            for mistake in [path + "/", "/" + path, path.uppercased(), path + "%20", path.replacing("/", with: "//")] {
                #expect(NearPath(Substring(mistake)) == NearPath(route), "\(mistake)")
            }
            #expect(NearPath(Substring("/lab" + path)) == NearPath(route, hasPrefix: true))
        }
    }

    @Test(
        "any other target is other",
        arguments: [
            "", "*", "/openapi", "/docs/", "/v2/", "/v2/models", "/v2/models/other", "/v2/models/housing/",
            "/v2/models/housing/versions", "/v2/models/housing/versions/", "/v2/models/housing/versions//infer",
            "/v2/models/housing/versions/1/", "/v2/models/housing/versions/1/other",
            "/v2/models/housing/versions/1/ready/versions/2", "/v2/models/housing/versions/1/versions/2/infer",
            "/predict/", "//predict", "/Predict", "/predict%20", "/%70redict", "/predict;a", "predict",
            "other", "/other",
            "?/predict", "/x?/predict", "/health\u{301}", "://",
            "/predictt", "/predic",
        ])
    func unknown(target: String) {
        #expect(Route(target: target) == .other)
    }

    @Test("a version in the path of the model is not part of the route")
    func versions() {
        let routes = [("", Route.model), ("/ready", .modelReady), ("/infer", .infer)]
        for (rest, route) in routes {
            let target = "http://host/v2/models/housing/versions/a%20b\(rest)?x=/infer"
            #expect(Route(target: target) == route)
            #expect(ModelPath(Route.path(of: target))?.version == "a%20b")
            #expect(ModelPath("/v2/models/housing\(rest)") == nil)
        }
    }

    @Test("Allow names exactly the methods that are accepted, and OPTIONS")
    func allow() {
        for route in Route.allCases {
            let accepted = HTTPMethod.allCases.filter(route.accepts).map(\.literal.description)
            let allowed = route.allow.description.components(separatedBy: ", ")
            #expect(Set(accepted + ["OPTIONS"]) == Set(allowed))
        }
    }
}
