import Foundation
import Testing

@testable import SCAServerd

/// `docs/monitoring.md` against what is exposed.
@Suite struct MonitoringPageTests {
    private static let page: String? = {
        let repository = (0..<4).reduce(URL(filePath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }
        return try? String(contentsOf: repository.appending(path: "docs/monitoring.md"), encoding: .utf8)
    }()

    /// Name, kind, unit and meaning of each row of the table of metrics.
    private func rows() throws -> [[Substring]] {
        let lines = try #require(Self.page).split(separator: "\n").filter {
            $0.wholeMatch(of: /\| `(scad|process)_.*/) != nil
        }
        return lines.map {
            $0.split(separator: "|").map { Substring($0.trimmingPrefix(" ").reversed().drop { $0 == " " }.reversed()) }
        }
    }

    @Test func itHasEachMetricOnceWithItsKind() async throws {
        let registry = PrometheusRegistry { _ in nil }
        let metrics = ServerMetrics(registry)
        _ = metrics.delay(of: 0)
        await metrics.update(ServerReadings())
        let exposed = registry.text.matches(of: /# TYPE (\S+) (\S+)/).map { "`\($0.1)` \($0.2)" }
        #expect(exposed.count == Metric.allCases.count)
        #expect(try rows().map { "\($0[0]) \($0[1])" }.sorted() == exposed.sorted())
        #expect(try rows().allSatisfy { $0.count == 4 && !$0[2].isEmpty && !$0[3].isEmpty })
    }

    @Test func itHasEachValueOfEachLabel() async throws {
        let registry = PrometheusRegistry { _ in nil }
        await ServerMetrics(registry).update(ServerReadings())
        for match in registry.text.matches(of: /(?m)^(\w+)\{(reason|outcome)="(\w+)"\}/) {
            let row = try #require(try rows().first { $0[0] == "`\(match.1)`" })
            #expect(row[3].contains("`\(match.2)`") && row[3].contains("`\(match.3)`"), "\(match.0)")
        }
    }
}
