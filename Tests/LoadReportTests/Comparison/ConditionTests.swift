import Files
import Testing

@testable import LoadReport

/// The grammar of `--fail-if`.
@Suite struct ConditionTests {
    @Test("A condition is a metric, > or <, and a limit, with or without blanks")
    func grammar() throws {
        let cases: [(String, ComparedMetric, Bool, Condition.Limit)] = [
            ("p95 > +10%", .p95, true, .relative(0.1)), ("p99>250ms", .p99, true, .absolute(250)),
            (" mean >1.5s ", .mean, true, .absolute(1500)), ("rate < -5%", .rate, false, .relative(-0.05)),
            ("rate<100", .rate, false, .absolute(100)), ("rate < 100/s", .rate, false, .absolute(100)),
            ("cpu > 0.5ms", .cpu, true, .absolute(0.5)), ("rejected > 0", .rejected, true, .absolute(0)),
            ("hits < 70%", .hits, false, .share(0.7)), ("failed > 0.1%", .failed, true, .share(0.001)),
            ("hits < -3%", .hits, false, .relative(-0.03)), ("p50 > + 10 %", .p50, true, .relative(0.1)),
        ]
        for (text, metric, isAbove, limit) in cases {
            let condition = try Condition(text)
            #expect(condition.metric == metric && condition.isAbove == isAbove, "\(text)")
            #expect(condition.limit == limit, "\(text): \(condition.limit)")
        }
        #expect(try Condition("p95>+10%").text == "p95 > +10%" && Condition("p95>+10%").isRelative)
    }

    @Test(
        "A text that is not a condition is rejected with what is allowed",
        arguments: [
            ("", "write a metric, > or <"), ("p95", "write a metric, > or <"),
            ("p95 >= 10ms", "write a metric, > or <"),
            ("p95 > 1e3ms", "write a metric, > or <"), ("p97 > 10ms", "p97 is not a metric; use one of p50, p90"),
            ("P95 > 10ms", "P95 is not a metric"), ("p95 > 10%", "write +10%"), ("p95 > 10", "needs the unit ms or s"),
            ("p95 > +10ms", "a limit with a sign is against the baseline and ends with %"),
            ("hits < 70ms", "hits has no unit but %"), ("rate < 10ms", "such as 100/s"), ("rate < 5%", "write +5%"),
        ])
    func refused(_ text: String, _ reason: String) throws {
        let error = try #require(throws: OperatorError.self) { try Condition(text) }
        #expect(error.description.contains(reason) && error.kind == .request, "\(error.description)")
    }
}
