#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The variables that this program was started with.
struct Environment {
    func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }
}
