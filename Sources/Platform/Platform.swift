/// The system as the server uses it: the C library, and that part of Foundation which needs no tables of languages
/// (`FoundationEssentials`: data, dates, files, URLs, JSON).
///
/// All of Foundation would be most of the executable, for ICU's tables; so what the server is made of imports this
/// module in place of it. On Apple's systems it is part of the system.
#if canImport(FoundationEssentials)
@_exported public import FoundationEssentials
#else
@_exported public import Foundation
#endif

#if canImport(Glibc)
@_exported public import Glibc
#elseif canImport(Musl)
@_exported public import Musl
#else
@_exported public import Darwin
#endif
