internal import SCACore

/// A moment as `--since` and `--until` take it: a duration ago, or a date and time of ISO 8601.
///
/// `90s`, `2h`, `7d`, or `2026-11-22`, `2026-11-22T14:03`, `2026-11-22 14:03:22.5`, each with `Z`, `+05:30`, `+0530` or
/// nothing after it; nothing means the user's own zone, and a date alone is its first moment.
struct PointInTime: Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    var unixMilliseconds: Int64

    /// - Parameters:
    ///   - text: what was typed.
    ///   - now: milliseconds since 1970 UTC.
    ///   - zone: the user's own.
    /// - Returns: nil if it is neither.
    init?(_ text: String, now: Int64, zone: LocalZone) {
        if let ago = Duration(parsing: text) {
            unixMilliseconds = now - ago.milliseconds
            return
        }
        var scanner = Scanner(rest: text[...])
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2), (1...12).contains(month), (1...Self.days(in: month, year)).contains(day)
        else { return nil }
        var time = LocalTime(year: year, month: month, day: day)
        var milliseconds: Int64 = 0
        if scanner.take("T") || scanner.take("t") || scanner.take(" ") {
            guard let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2),
                hour < 24, minute < 60
            else { return nil }
            (time.hour, time.minute) = (hour, minute)
            if scanner.take(":") {
                guard let second = scanner.number(2), second < 60 else { return nil }
                time.second = second
                if scanner.take(".") {
                    guard let fraction = scanner.milliseconds() else { return nil }
                    milliseconds = fraction
                }
            }
        }
        guard let zone = scanner.zone(local: zone), scanner.rest.isEmpty else { return nil }
        unixMilliseconds = zone.unixMilliseconds(of: time) + milliseconds
    }

    private static func days(in month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

private struct Scanner {
    var rest: Substring

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly so many digits.
    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.utf8.count == count, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return Int(digits)
    }

    /// The decimals of a second, as milliseconds; what is finer is dropped.
    mutating func milliseconds() -> Int64? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest[digits.endIndex...]
        return Int64((digits + "00").prefix(3))
    }

    mutating func zone(local: LocalZone) -> LocalZone? {
        if rest.isEmpty { return local }
        if take("Z") || take("z") { return .fixed(0) }
        let sign = take("-") ? -1 : 1
        guard sign < 0 || take("+"), let hours = number(2), hours < 24 else { return nil }
        _ = take(":")
        let minutes = rest.isEmpty ? 0 : number(2)
        guard let minutes, minutes < 60 else { return nil }
        return .fixed(sign * (hours * 3600 + minutes * 60))
    }
}
