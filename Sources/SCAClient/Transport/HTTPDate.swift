internal import Glibc

/// Reads what a `Date` header says.
enum HTTPDate {
    private static let months =
        [
            "Jan": 0, "Feb": 1, "Mar": 2, "Apr": 3, "May": 4, "Jun": 5, "Jul": 6, "Aug": 7, "Sep": 8, "Oct": 9,
            "Nov": 10,
            "Dec": 11,
        ] as [Substring: Int32]

    /// - Parameter text: `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is sent today (RFC 9110, section 5.6.7).
    /// - Returns: seconds since 1970 UTC; nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard text.utf8.count == 29, words.count == 6, words[5] == "GMT", let month = months[words[2]],
            let day = number(words[1], 1...31), let year = number(words[3], 1970...9999)
        else { return nil }
        let clock = words[4].split(separator: ":")
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60)
        else { return nil }
        var parts = tm()
        (parts.tm_mday, parts.tm_mon, parts.tm_year) = (day, month, year - 1900)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        return Int64(timegm(&parts))
    }

    private static func number(_ digits: Substring, _ range: ClosedRange<Int32>) -> Int32? {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int32(digits) else { return nil }
        return range.contains(number) ? number : nil
    }
}
