/// The system as the server uses it: the C library, and the part of Foundation that needs no language tables
/// (`FoundationEssentials`: data, dates, files, URLs, JSON).
///
/// With all of Foundation, ICU's tables would be most of the executable. So the server's modules import this module
/// instead. On Apple's platforms Foundation is part of the system.
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
