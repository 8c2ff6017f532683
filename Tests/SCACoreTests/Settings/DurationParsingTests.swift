import SCATesting
import Testing

@testable import SCACore

@Suite struct DurationParsingTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
        ("7d", .seconds(604_800)), ("0", .zero), ("0s", .zero), ("30", .seconds(30)), ("1.5s", .milliseconds(1500)),
        ("1.5", .milliseconds(1500)), ("0.25ms", .microseconds(250)), ("1.5h", .seconds(5400)), ("007s", .seconds(7)),
        ("0.000000000000000000001s", .zero), ("36500d", .longestParsed), ("3.000s", .seconds(3)),
    ])
    func durationIsRead(text: String, expected: Duration) {
        #expect(Duration(parsing: text) == expected)
        #expect(Duration(parsing: "-\(text)-".dropFirst().dropLast()) == expected)
    }

    @Test(arguments: [
        "", " ", "-1s", "+1s", "1 s", " 1s", "1s ", "s", "ms", ".", ".5s", "1.s", "1..5s", "1.5.5", "1,5s", "10S", "1w",
        "1min", "5mm", "1e3", "0x10", "1h30m", "nan", "inf", "٣s", "1\u{0}s", "36501d", "36500.1d",
        "9223372036854775807", "9223372036854775807d", "99999999999999999999999999ms", "²s",
    ])
    func anythingElseIsNotADuration(text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test(arguments: [
        (Duration.seconds(10), "10s"), (.milliseconds(250), "250ms"), (.seconds(7200), "2h"), (.seconds(90), "90s"),
        (.seconds(120), "2m"), (.seconds(86_400), "1d"), (.zero, "0s"), (.milliseconds(1500), "1.5s"),
        (.milliseconds(61_001), "61.001s"), (.microseconds(42), "0.042ms"), (.nanoseconds(1), "0ms"),
        (.nanoseconds(1_500_000_000), "1.5s"), (.seconds(-5), "-5s"),
    ])
    func shortTextIsShort(duration: Duration, expected: String) {
        #expect(duration.shortText == expected)
    }

    @Test func shortTextOfWholeMillisecondsReadsBack() {
        var random = SeededGenerator.announced()
        for _ in 0..<500 {
            let magnitude = Int64(1) << Int64.random(in: 0...41, using: &random)
            let duration = Duration.milliseconds(Int64.random(in: 0...magnitude, using: &random))
            #expect(Duration(parsing: duration.shortText) == duration)
        }
    }
}
