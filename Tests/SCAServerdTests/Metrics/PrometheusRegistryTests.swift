import CoreMetrics
import Testing

@testable import SCAServerd

/// The text that Prometheus reads; other people's parsers see it in `scripts/monitoring-check`.
@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry { ["a_total": "What \\ it\nsays.", "b": "Another."][$0] }

    @Test func familiesAreSortedAndEachHasItsKindAndMeaning() {
        Meter(label: "b", factory: registry).set(-1.5)
        Counter(label: "a_total", dimensions: [("reason", "y")], factory: registry).increment(by: 2)
        Counter(label: "a_total", dimensions: [("reason", "x")], factory: registry).increment()
        Gauge(label: "c", factory: registry).record(7)
        #expect(
            registry.text == """
                # HELP a_total What \\\\ it\\nsays.
                # TYPE a_total counter
                a_total{reason="x"} 1
                a_total{reason="y"} 2
                # HELP b Another.
                # TYPE b gauge
                b -1.5
                # TYPE c gauge
                c 7

                """
        )
    }

    @Test func whatHasOneNameAndLabelsIsOneValue() {
        let label = [("reason", #"a "quoted" \ one"#)]
        Counter(label: "a_total", dimensions: label, factory: registry).increment(by: 1 << 40)
        FloatingPointCounter(label: "a_total", dimensions: label, factory: registry).increment(by: 0.5)
        #expect(registry.text.hasSuffix(#"a_total{reason="a \"quoted\" \\ one"} 1099511627776.5"# + "\n"))
    }

    @Test func aTimerIsAHistogramInSeconds() {
        let timer = Timer(label: "d_seconds", dimensions: [("loop", "0")], factory: registry)
        for milliseconds in [1, 2, 3, 4_000, 6_000] { timer.recordMilliseconds(milliseconds) }
        let lines = registry.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "# TYPE d_seconds histogram")
        #expect(lines[1] == #"d_seconds_bucket{loop="0",le="0.001"} 1"#, "a bound belongs to its bucket")
        #expect(lines[2] == #"d_seconds_bucket{loop="0",le="0.0025"} 2"#)
        #expect(lines[3] == #"d_seconds_bucket{loop="0",le="0.005"} 3"#)
        #expect(
            lines.suffix(4) == [
                #"d_seconds_bucket{loop="0",le="5"} 4"#, #"d_seconds_bucket{loop="0",le="+Inf"} 5"#,
                #"d_seconds_sum{loop="0"} 10.006"#, #"d_seconds_count{loop="0"} 5"#,
            ]
        )
    }

    @Test func numbersThatAreNoneAreWrittenAsPrometheusDoes() {
        let meter = Meter(label: "b", factory: registry)
        for (value, text) in [(Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e300, "1e+300")] {
            meter.set(value)
            #expect(registry.text.hasSuffix("\nb \(text)\n"))
        }
    }

    @Test func whatIsDestroyedIsGone() {
        let (counter, other) = (
            Counter(label: "a_total", factory: registry), Counter(label: "z_total", factory: registry)
        )
        let timer = Timer(label: "d_seconds", factory: registry)
        counter.destroy()
        timer.destroy()
        #expect(registry.text == "# TYPE z_total counter\nz_total 0\n")
        other.destroy()
        #expect(registry.text.isEmpty)
    }
}
