import CoreMetrics
import Foundation
import MetricsTestKit
import NIOEmbedded
import Testing

@testable import SCAServerd

/// What a backend of swift-metrics is told.
@Suite struct ServerMetricsTests {
    private func routed(_ count: Int) -> ServerReadings {
        var readings = ServerReadings()
        readings.loops.hub.routed = count
        return readings
    }

    @Test func aCounterIsToldWhatHasBeenAddedAndAnOlderReadingTakesNothingBack() async throws {
        let backend = TestMetrics()
        let metrics = ServerMetrics(backend)
        for count in [3, 3, 10, 7, 12] { await metrics.update(routed(count)) }
        let counter = try backend.expectCounter("scad_messages_routed_total")
        #expect(counter.values == [3, 7, 2])
    }

    @Test func levelsAreWhatIsTrueNow() async throws {
        let backend = TestMetrics()
        let metrics = ServerMetrics(backend)
        for sessions in [5, 2] {
            var readings = ServerReadings()
            readings.sessions = sessions
            await metrics.update(readings)
        }
        #expect(try backend.expectMeter("scad_sessions").values == [5, 2])
        #expect(try backend.expectMeter("scad_build_info", [("version", ServerVersion.current)]).values == [1, 1])
    }

    @Test func everyMetricIsThereFromTheStartWithEachOfItsLabels() async {
        let registry = PrometheusRegistry { Metric(rawValue: $0)?.help }
        let metrics = ServerMetrics(registry)
        _ = metrics.delay(of: 0)
        await metrics.update(ServerReadings())
        let text = registry.text
        for metric in Metric.allCases { #expect(text.contains("# HELP \(metric.rawValue) \(metric.help)\n")) }
        #expect(text.split(separator: "\n").count { $0.hasPrefix("# TYPE ") } == Metric.allCases.count)
        for reason in Refusal.Reason.allCases {
            #expect(text.contains("scad_refusals_total{reason=\"\(reason.rawValue)\"} 0\n"))
        }
        for end in SessionEnd.allCases {
            #expect(text.contains("scad_sessions_closed_total{reason=\"\(end.rawValue)\"} 0\n"))
        }
        for reason in TokenRefusal.allCases {
            #expect(text.contains("scad_auth_failures_total{reason=\"\(reason.rawValue)\"} 0\n"))
        }
    }

    @Test func namesAreThoseOfPrometheus() {
        for metric in Metric.allCases {
            #expect(metric.rawValue.wholeMatch(of: /(scad|process)_[a-z_]*[a-z]/) != nil)
            #expect(metric.help.hasSuffix("."))
        }
    }

    @Test func delayIsLookedAtTenTimesASecondUntilTheEnd() throws {
        let (backend, eventLoop) = (TestMetrics(), EmbeddedEventLoop())
        let delay = LoopDelay(eventLoop: eventLoop, timer: ServerMetrics(backend).delay(of: 3))
        delay.start()
        eventLoop.advanceTime(by: .seconds(1))
        let timer = try backend.expectTimer("scad_loop_delay_seconds", [("loop", "3")])
        #expect(timer.values == Array(repeating: 0, count: 10))
        delay.stop()
        eventLoop.advanceTime(by: .seconds(1))
        #expect(timer.values.count == 10)
    }

    @Test func theProcessIsReadBehindItsNameWhateverThatIs() {
        let fields = "S 1 1 1 0 -1 0 0 0 0 0 250 50 0 0 20 0 3 0 12345 1000000 77 18446744073709551615"
        let readings = ProcessReadings(
            stat: "42 (a) (b c) \(fields)\n",
            systemStat: "cpu 1 2 3\nbtime 1700000000\nx 1\n"
        )
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        #expect(readings.processorSeconds == 300 / ticks)
        #expect(readings.virtual == 1_000_000)
        #expect(readings.resident == 77 * Int(sysconf(Int32(_SC_PAGESIZE))))
        #expect(readings.started == 1_700_000_000 + 12_345 / ticks)
        for garbage in ["", ")", "42 (a", "42 (a) S 1 2"] {
            #expect(ProcessReadings(stat: garbage, systemStat: garbage).resident == 0)
        }
    }

    @Test func ofThisProcessSomethingIsKnown() {
        let readings = ProcessReadings.now()
        #expect(readings.resident > 0 && readings.virtual > readings.resident && readings.openFiles > 0)
        #expect(readings.processorSeconds > 0)
        #expect(abs(readings.started - Date.now.timeIntervalSince1970) < 30 * 86_400)
    }
}
