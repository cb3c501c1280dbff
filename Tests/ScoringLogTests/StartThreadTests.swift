import Foundation
import Testing

@testable import ScoringLog

@Suite struct StartThreadTests {
    #if os(Linux)
    @Test("a thread has its name, cut at 15 bytes, as top -H shows it")
    func name() async {
        let names: [(StaticString, String)] = [
            ("scoring log", "scoring log"), ("a name of 20 bytes..", "a name of 20 by"),
        ]
        for (name, shown) in names {
            let found = await withCheckedContinuation { continuation in
                startThread(named: name) {
                    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                    continuation.resume(returning: name)
                }
            }
            #expect(found == shown + "\n")
        }
    }
    #endif
}
