import Digests
import Platform
import Release

/// What the service offers to people: a page to score houses on, its OpenAPI description, and a page for that.
///
/// Each page is one document with its style and scripts. Its Content-Security-Policy names those by their hashes and
/// allows nothing else, and nothing from other hosts.
struct Pages: Sendable {
    let home: Page
    let docs: Page
    let openAPI: Page

    /// Builds all pages from the program's own resources.
    init(_ configuration: Configuration) {
        let style = Self.text(PackageResources.pages_css)
        let calls = Self.text(PackageResources.calls_js)
        home = Self.document(
            Self.text(PackageResources.home_html), style: style,
            scripts: [calls]
                + [PackageResources.metrics_js, PackageResources.charts_js, PackageResources.home_js].map(Self.text))
        docs = Self.document(
            Self.text(PackageResources.docs_html), style: style, scripts: [calls, Self.text(PackageResources.docs_js)])
        // What the description's file cannot contain: this release, and the one limit in it that an option sets.
        let description = Self.text(PackageResources.openapi_json)
            .replacing("RELEASE", with: release)
            .replacing(#""maxItems": 1000"#, with: #""maxItems": \#(configuration.maximumBatchRecords)"#)
        openAPI = Page(description, "application/json")
    }

    private static func document(_ html: String, style: String, scripts: [String]) -> Page {
        let policy = [
            "default-src 'none'", "style-src \(hash(style))",
            "script-src \(scripts.map(hash).joined(separator: " "))", "connect-src 'self'", "img-src data:",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ]
        let text = html.replacing("<!-- style -->", with: "<style>\(style)</style>")
            .replacing("<!-- scripts -->", with: scripts.map { "<script>\($0)</script>" }.joined(separator: "\n"))
        return Page(text, "text/html; charset=utf-8", policy: policy.joined(separator: "; "))
    }

    /// https://www.w3.org/TR/CSP3/#grammardef-hash-source
    private static func hash(_ text: String) -> String {
        "'sha256-\(Data(SHA256.hash(text.utf8).bytes).base64EncodedString())'"
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
