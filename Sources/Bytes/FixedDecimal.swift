import Platform

extension Double {
    /// The number with this many digits after the point, as C prints it; the locale is never set.
    package func decimal(digits: Int) -> String {
        withVaList([CInt(digits), self]) { arguments in
            // The largest number has 309 digits before the point, and a sign.
            String(unsafeUninitializedCapacity: 320 + digits) { text in
                text.withMemoryRebound(to: CChar.self) { text in
                    max(0, Int(vsnprintf(text.baseAddress, text.count, "%.*f", arguments)))
                }
            }
        }
    }
}
