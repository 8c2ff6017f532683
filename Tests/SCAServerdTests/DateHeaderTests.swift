import Testing

@testable import SCAServerd

/// The server's clock, as HTTP answers tell it.
@Suite struct DateHeaderTests {
    /// The example of RFC 9110, section 5.6.7; the first second; a leap day; a year of four digits to come.
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func aDateIsWrittenAsRFC9110Says(_ seconds: Int64, _ expected: String) {
        #expect(WallClock.httpDate(seconds) == expected)
    }
}
