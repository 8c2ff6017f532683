import Testing

@testable import SCAClient

/// A server's clock, as its answers tell it.
@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 12:34:56 GMT", 1_709_210_096),
    ])
    func aDateIsRead(_ text: String, _ seconds: Int64) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    /// The two old forms, and what is none.
    @Test(arguments: [
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "", "now", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49    GMT", "Sun, ٠٦ Nov 1994 08:49:37 GMT",
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }
}
