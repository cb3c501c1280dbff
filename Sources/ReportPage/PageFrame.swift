import Digests
import Foundation

/// A self-contained HTML page: style, script and pictures are embedded, and nothing is loaded from a host.
public struct PageFrame: Sendable {
    /// The window's title.
    let title: String
    /// The page's first line.
    let heading: String
    /// The line below it.
    let subtitle: String
    /// The rest, as HTML.
    let body: String

    /// - Parameter body: HTML; the other three are text.
    public init(title: String, heading: String, subtitle: String, body: String) {
        self.title = title
        self.heading = heading
        self.subtitle = subtitle
        self.body = body
    }

    /// The page's text.
    public var html: String {
        let style = "\n" + String(decoding: PackageResources.page_css, as: UTF8.self)
        let script = "\n" + String(decoding: PackageResources.page_js, as: UTF8.self)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none';
             style-src \(Self.source(style)); script-src \(Self.source(script))">
            <title>\(Markup.escaped(title))</title>
            <style>\(style)</style>
            </head>
            <body>
            <header>
            <h1>\(Markup.escaped(heading))</h1>
            <p>\(Markup.escaped(subtitle))</p>
            <button type="button" id="theme">Light or dark</button>
            </header>
            \(body)
            <div id="tip" role="status" hidden></div>
            <script>\(script)</script>
            </body>
            </html>

            """
    }

    /// Allows exactly this text (Content Security Policy Level 3, hash-source).
    private static func source(_ text: String) -> String {
        "'sha256-\(Data(SHA256.hash(text.utf8).bytes).base64EncodedString())'"
    }
}
