internal import CoreMetrics
internal import Synchronization

/// A backend of swift-metrics that keeps every value and writes them as Prometheus reads them (`text`).
///
/// The text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats) is lines of `name{label="value"} number`,
/// each name with what it means and which kind it is before it. A timer is a histogram in seconds. Names and labels are
/// taken as they are: only our own come here (`Metric`).
final class PrometheusRegistry: MetricsFactory {
    /// A name and everything that has it, by its labels as they are written.
    private struct Family {
        var kind: Kind
        var values: [String: PrometheusValue] = [:]
        var histograms: [String: PrometheusHistogram] = [:]
    }

    private enum Kind: String {
        case counter, gauge, histogram
    }

    private let families = Mutex<[String: Family]>([:])
    private let help: @Sendable (String) -> String?

    /// - Parameter help: what a name means; nil if nothing is known of it.
    init(help: @escaping @Sendable (String) -> String?) {
        self.help = help
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        value(label, dimensions, .counter)
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        value(label, dimensions, .counter)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        value(label, dimensions, .gauge)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        value(label, dimensions, .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        families.withLock { families in
            let key = Self.written(dimensions)
            let histogram = families[label]?.histograms[key] ?? PrometheusHistogram()
            families[label, default: Family(kind: .histogram)].histograms[key] = histogram
            return histogram
        }
    }

    func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    /// The same for the same name and labels.
    private func value(_ label: String, _ dimensions: [(String, String)], _ kind: Kind) -> PrometheusValue {
        families.withLock { families in
            let key = Self.written(dimensions)
            let value = families[label]?.values[key] ?? PrometheusValue()
            families[label, default: Family(kind: kind)].values[key] = value
            return value
        }
    }

    private func forget(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                families[name]?.values = family.values.filter { $0.value !== handler }
                families[name]?.histograms = family.histograms.filter { $0.value !== handler }
            }
            families = families.filter { !$0.value.values.isEmpty || !$0.value.histograms.isEmpty }
        }
    }

    /// Everything, sorted by name and labels.
    var text: String {
        let families = families.withLock { $0 }
        var lines: [String] = []
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let help = help(name) { lines.append("# HELP \(name) \(Self.escaped(help))") }
            lines.append("# TYPE \(name) \(family.kind.rawValue)")
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
                lines.append("\(name)\(Self.braced([labels])) \(Self.written(value.now))")
            }
            for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
                lines += Self.lines(name, labels, histogram.now)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(_ name: String, _ labels: String, _ now: PrometheusHistogram.Counts) -> [String] {
        let bounds = PrometheusHistogram.bounds.map { written($0) } + ["+Inf"]
        var sum = 0
        let buckets = zip(bounds, now.buckets).map { bound, count in
            sum += count
            return "\(name)_bucket\(braced([labels, "le=\"\(bound)\""])) \(sum)"
        }
        return buckets + [
            "\(name)_sum\(braced([labels])) \(written(now.seconds))", "\(name)_count\(braced([labels])) \(sum)",
        ]
    }

    private static func written(_ dimensions: [(String, String)]) -> String {
        dimensions.map { name, value in
            "\(name)=\"\(escaped(value).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
        }.joined(separator: ",")
    }

    private static func braced(_ labels: [String]) -> String {
        let known = labels.filter { !$0.isEmpty }
        return known.isEmpty ? "" : "{\(known.joined(separator: ","))}"
    }

    /// Whole numbers without a point, however large.
    private static func written(_ number: Double) -> String {
        if let whole = Int(exactly: number) { return "\(whole)" }
        return number.isNaN ? "NaN" : number.isInfinite ? (number > 0 ? "+Inf" : "-Inf") : "\(number)"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += $1 == "\\" ? "\\\\" : $1 == "\n" ? "\\n" : String($1) }
    }
}

/// One number that grows, or goes up and down.
final class PrometheusValue: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let number = Mutex(0.0)

    var now: Double { number.withLock { $0 } }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { set(0.0) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// How often times were how long, in buckets from a millisecond to five seconds.
final class PrometheusHistogram: TimerHandler {
    struct Counts: Sendable {
        /// One for each bound, and one for what is above all.
        var buckets = Array(repeating: 0, count: bounds.count + 1)
        var seconds = 0.0
    }

    /// The longest time of each bucket, in seconds.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    private let counts = Mutex(Counts())

    var now: Counts { counts.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        counts.withLock { counts in
            counts.buckets[bucket] += 1
            counts.seconds += seconds
        }
    }
}
