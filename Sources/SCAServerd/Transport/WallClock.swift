internal import Glibc

/// The wall clock of this machine.
enum WallClock {
    /// Milliseconds since 1970 UTC.
    static func unixMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// What a `Date` header says (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. By it a client sees whether its
    /// clock agrees.
    ///
    /// - Parameter seconds: since 1970 UTC.
    static func httpDate(_ seconds: Int64) -> String {
        var parts = tm()
        var moment = time_t(seconds)
        gmtime_r(&moment, &parts)
        // Not `strftime`, whose names are those of the locale.
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(1900 + Int(parts.tm_year))"
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(days[Int(parts.tm_wday)]), \(date) \(time) GMT"
    }
}
