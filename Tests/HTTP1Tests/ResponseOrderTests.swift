import NIOCore
import Testing

@testable import HTTP1

/// Responses leave in the order of their requests, whichever is ready first.
@Suite struct ResponseOrderTests {
    /// Does what a connection does: writes a response if it is next, else parks it.
    private struct Script {
        var order = ResponseOrder()
        var written: [String] = []

        mutating func respond(_ position: UInt64) {
            guard order.isNext(position) else { return order.park(ByteBuffer(string: "\(position)"), at: position) }
            written.append("\(position)")
            while let parked = order.advance() { written.append(String(buffer: parked)) }
        }
    }

    @Test("in whatever order responses are ready, they leave in the order of the requests")
    func allOrders() {
        func orders(_ items: [UInt64]) -> [[UInt64]] {
            guard items.count > 1 else { return [items] }
            return items.indices.flatMap { index in
                var rest = items
                let first = rest.remove(at: index)
                return orders(rest).map { [first] + $0 }
            }
        }
        for ready in orders([0, 1, 2, 3, 4]) {
            var script = Script()
            for expected in 0..<5 as Range<UInt64> { #expect(script.order.admit() == expected) }
            for position in ready { script.respond(position) }
            #expect(script.written == ["0", "1", "2", "3", "4"], "\(ready)")
            #expect(script.order.outstanding == 0)
        }
    }

    @Test("after the last request nothing is accepted, and the connection ends when it has its response")
    func last() {
        var script = Script()
        let first = script.order.admit()
        let second = script.order.admit()
        script.order.close(after: second)
        #expect(!script.order.isOpen && !script.order.isFinished)
        script.respond(second)
        #expect(script.written.isEmpty && !script.order.isFinished)
        script.respond(first)
        #expect(script.order.isFinished)
        script.order.close(after: 9)
        #expect(script.order.isFinished, "the last request is set only once")
    }

    @Test("closing keeps what is owed, and a connection without requests owes nothing")
    func close() {
        var unused = ResponseOrder()
        unused.close()
        #expect(!unused.isOpen && unused.outstanding == 0 && unused.isFinished)
        var order = ResponseOrder()
        _ = order.admit()
        order.close()
        #expect(!order.isOpen && order.outstanding == 1)
        #expect(order.advance() == nil)
        #expect(order.isFinished)
    }
}
