/// Durations as people write them on a command line: `250ms`, `10s`, `5m`, `2h`, `7d`, `1.5s`.
extension Duration {
    /// The longest duration that is read: 36,500 days, so that its nanoseconds fit 64 bits.
    public static let longestParsed = Duration.seconds(36_500 * 86_400)

    /// Reads a duration: a number, whole or with decimals, then `ms`, `s`, `m`, `h` or `d`; a bare number is seconds.
    ///
    /// - Parameter text: the whole text, without blanks or a sign.
    /// - Returns: nil if it is anything else, or longer than `longestParsed`. What is below an attosecond is dropped.
    public init?(parsing text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var rest = text[digits.endIndex...]
        var decimals = rest.prefix(0)
        if rest.first == "." {
            rest = rest.dropFirst()
            decimals = rest.prefix { $0.isASCII && $0.isNumber }
            guard !decimals.isEmpty else { return nil }
            rest = rest[decimals.endIndex...]
        }
        guard let unit = Self.units.first(where: { rest == $0.name }) ?? (rest.isEmpty ? Self.second : nil),
            (1...15).contains(digits.count), let whole = Int64(digits)
        else { return nil }

        var attoseconds = Int128(whole) * unit.attoseconds
        var place = unit.attoseconds
        for digit in decimals {
            place /= 10
            attoseconds += Int128(digit.wholeNumberValue ?? 0) * place
        }
        self.init(attoseconds: attoseconds)
        guard self <= Self.longestParsed else { return nil }
    }

    /// The duration for messages: in the largest unit that gives a whole number (`2h`, `90s`, `250ms`), otherwise in seconds,
    /// or below one in milliseconds, rounded down to three decimals (`1.5s`, `0.042ms`).
    ///
    /// What is whole in milliseconds reads back as the same duration.
    public var shortText: String {
        if self < .zero { return "-" + (.zero - self).shortText }
        if self == .zero { return "0s" }
        if let unit = Self.units.dropLast().first(where: { attoseconds % $0.attoseconds == 0 }) {
            return "\(attoseconds / unit.attoseconds)\(unit.name)"
        }
        let unit = self < .seconds(1) ? Self.millisecond : Self.second
        let thousandths = attoseconds * 1000 / unit.attoseconds
        var decimals = String(thousandths % 1000 + 1000).dropFirst()
        while decimals.last == "0" { decimals.removeLast() }
        return "\(thousandths / 1000)\(decimals.isEmpty ? "" : "." + decimals)\(unit.name)"
    }

    private struct Unit {
        let name: String
        let attoseconds: Int128
    }

    private static let millisecond = Unit(name: "ms", attoseconds: 1_000_000_000_000_000)
    private static let second = Unit(name: "s", attoseconds: 1000 * millisecond.attoseconds)
    private static let units = [
        Unit(name: "d", attoseconds: 86_400 * second.attoseconds),
        Unit(name: "h", attoseconds: 3600 * second.attoseconds),
        Unit(name: "m", attoseconds: 60 * second.attoseconds),
        second,
        millisecond,
    ]
}
