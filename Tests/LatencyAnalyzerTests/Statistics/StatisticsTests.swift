import Bytes
import Foundation
import ScoringLog
import TestSupport
import Testing

@testable import LatencyAnalyzer

/// Histograms and timelines, compared with simpler implementations.
@Suite struct StatisticsTests {
    @Test("Percentiles equal those of the sorted times to three digits", arguments: 0..<4)
    func percentiles(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var (whole, first, second) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        var times: [Double] = []
        for index in 0..<5000 {
            let time = (pow(10, Double.random(in: -3...3, using: &generator)) * 10_000).rounded() / 10_000
            times.append(time)
            whole.record(milliseconds: time)
            if index.isMultiple(of: 3) { first.record(milliseconds: time) } else { second.record(milliseconds: time) }
        }
        first.add(second)
        times.sort()
        for percentile in LatencyHistogram.percentiles {
            let exact = times[Int((percentile / 100 * 5000 - 1e-6).rounded(.up)) - 1]
            let found = try #require(whole.milliseconds(atPercentile: percentile))
            #expect(abs(found - exact) <= exact * 0.001 + 0.00005, "p\(percentile): \(found), exactly \(exact)")
            #expect(first.milliseconds(atPercentile: percentile) == found)
        }
    }

    @Test("No time is too long or too short for a histogram")
    func extremeTimes() throws {
        var histogram = LatencyHistogram()
        for time in [0, 0.00004, 1e11, 1e300] { histogram.record(milliseconds: time) }
        #expect(histogram.count == 4)
        #expect(histogram.milliseconds(atPercentile: 25) == 0)
        #expect(histogram.logarithmicSteps(perDecade: 10).map(\.count).reduce(0, +) == 4)
        #expect(LatencyHistogram().milliseconds(atPercentile: 50) == nil)
    }

    @Test("A timeline loses no count and never has more slots than allowed", arguments: 0..<20)
    func timelineSlots(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let span = [10, 1000, 100_000, 10_000_000, 100_000_000_000][seed % 5]
        var (one, other) = (Timeline<Int>(maximumCount: 50), Timeline<Int>(maximumCount: 50))
        var seconds: [Int] = []
        for _ in 0..<500 {
            let second = Int.random(in: -span...span, using: &generator)
            seconds.append(second)
            if second.isMultiple(of: 2) {
                one.update(at: second) { $0 += 1 }
            } else {
                other.update(at: second) { $0 += 1 }
            }
        }
        one.add(other)
        #expect(one.slots.count <= 50)
        #expect(one.slots.reduce(0, +) == 500)
        for (start, slot) in one.entries {
            #expect(slot == seconds.filter { (start..<start + one.slotSeconds).contains($0) }.count)
        }
    }

    @Test("The busiest minute and the statuses are counted over all pods")
    func countsOverAllPods() throws {
        let folder = try LogFolder()
        let one = (0..<90).map { LogFolder.block(second: $0, id: "a", milliseconds: "1.0") }.joined()
        let other = (60..<70).map { LogFolder.block(second: $0, id: nil, milliseconds: nil, status: 503) }.joined()
        let pods = try [folder.write(one, to: "a.txt"), folder.write(other, to: "b.txt")].map {
            try PodStatistics(reading: $0, onlyPath: nil)
        }
        let analysis = Analysis(deployment: "d", namespace: "n", pods: pods)
        #expect(pods[0].busiestMinute?.calls == 60)
        #expect(analysis.total.busiestMinute.map { UTCTime.text($0.start) } == "2026-11-21 07:00:00")
        #expect(analysis.total.statuses == [200: 90, 503: 10])
        #expect(analysis.total.minutesElapsed == 89.0 / 60)
        #expect(analysis.balance?.busiestOverMean == 1.8)
        #expect(analysis.balance?.coefficientOfVariation == 0.8)
    }

}
