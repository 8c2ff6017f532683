internal import Glibc

/// A date and a time of day, as people read it on a wall.
struct LocalTime: Hashable, Sendable {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// From 1.
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0

    /// `2026-11-22`.
    var date: String { "\(year)-\(Self.two(month))-\(Self.two(day))" }
    /// `11-22`.
    var monthAndDay: String { "\(Self.two(month))-\(Self.two(day))" }
    /// `14:03`.
    var hourAndMinute: String { "\(Self.two(hour)):\(Self.two(minute))" }
    /// `14:03:22`.
    var time: String { "\(hourAndMinute):\(Self.two(second))" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Which wall. The C library's time functions do it: `TimeZone` of FoundationEssentials knows no places without ICU.
enum LocalZone: Hashable, Sendable {
    /// The user's, from `TZ` or the system.
    case system
    /// So many seconds east of Greenwich.
    case fixed(Int)

    func localTime(at unixMilliseconds: Int64) -> LocalTime {
        var seconds = time_t(unixMilliseconds.flooredDivision(by: 1000))
        var parts = tm()
        switch self {
        case .system: localtime_r(&seconds, &parts)
        case .fixed(let offset):
            seconds += offset
            gmtime_r(&seconds, &parts)
        }
        return LocalTime(
            year: Int(parts.tm_year) + 1900,
            month: Int(parts.tm_mon) + 1,
            day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour),
            minute: Int(parts.tm_min),
            second: Int(parts.tm_sec)
        )
    }

    /// Milliseconds since 1970 UTC. Of an hour that comes twice, when clocks go back, the C library's choice.
    func unixMilliseconds(of time: LocalTime) -> Int64 {
        var parts = tm()
        parts.tm_year = Int32(truncatingIfNeeded: time.year - 1900)
        parts.tm_mon = Int32(truncatingIfNeeded: time.month - 1)
        parts.tm_mday = Int32(truncatingIfNeeded: time.day)
        parts.tm_hour = Int32(truncatingIfNeeded: time.hour)
        parts.tm_min = Int32(truncatingIfNeeded: time.minute)
        parts.tm_sec = Int32(truncatingIfNeeded: time.second)
        switch self {
        case .system:
            parts.tm_isdst = -1
            return Int64(mktime(&parts)) * 1000
        case .fixed(let offset): return Int64(timegm(&parts) - offset) * 1000
        }
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
