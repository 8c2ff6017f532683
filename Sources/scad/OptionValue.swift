internal import ArgumentParser
internal import SCACore
internal import SCAServerd

/// A kind of value that options take, on the command line and in the environment alike: how it is read, and what it must be.
struct OptionValue<Value>: Sendable {
    /// What help calls it.
    let name: String
    /// For whoever gave another: "it must be …".
    let expected: String
    let parse: @Sendable (String) -> Value?

    /// Reads one of the command line; the parser says for which option.
    func read(_ text: String) throws -> Value {
        if let value = parse(text) { return value }
        throw ValidationError("it must be \(expected)")
    }
}

extension Option {
    /// An option that tells what it takes when it is given something else.
    init<Wrapped>(
        _ value: OptionValue<Wrapped>,
        name: NameSpecification = .long,
        help: String
    ) where Value == Wrapped? {
        self.init(name: name, help: ArgumentHelp("\(help)", valueName: value.name), transform: { try value.read($0) })
    }
}

extension OptionValue<Int> {
    static var number: Self { Self(name: "number", expected: "a whole number") { Int($0) } }
    static var port: Self { Self(name: "port", expected: "a TCP port, 0 to 65535") { Int($0) } }
    /// Bytes: `65536`, `64K`, `1M`, `2G`.
    static var size: Self {
        Self(name: "size", expected: "a size like 65536, 64K, 1M") { text in
            let (digits, shift): (Substring, Int) =
                switch text.last {
                case "k", "K": (text.dropLast(), 10)
                case "m", "M": (text.dropLast(), 20)
                case "g", "G": (text.dropLast(), 30)
                default: (text[...], 0)
                }
            guard let number = Int(digits), number >= 0, number <= Int.max >> shift else { return nil }
            return number << shift
        }
    }
}

extension OptionValue<Duration> {
    static var duration: Self {
        Self(name: "duration", expected: "a duration like 250ms, 10s, 5m") { Duration(parsing: $0) }
    }
}

extension OptionValue<MemoryLimit> {
    static var memory: Self {
        Self(name: "size or %", expected: "a size like 512M or a share like 80%") {
            MemoryLimit(parsing: $0, size: OptionValue<Int>.size.parse)
        }
    }
}

extension OptionValue<MetricsAddress> {
    static var metrics: Self {
        Self(name: "[host:]port", expected: "a port like 9464, or an address and a port like 0.0.0.0:9464") {
            MetricsAddress(parsing: $0)
        }
    }
}

extension OptionValue<Mobile> {
    static var mobile: Self { Self(name: "mobile", expected: "10 to 32 digits") { Mobile($0) } }
}

extension OptionValue<Bool> {
    /// Only in the environment.
    static var flag: Self { Self(name: "flag", expected: "0 or 1") { ["0": false, "1": true][$0] } }
}

extension OptionValue<String> {
    /// What was not UTF-8 comes repaired, by U+FFFD; it would be something else than was meant.
    static var text: Self {
        Self(name: "text", expected: "text in UTF-8") { $0.unicodeScalars.contains("\u{FFFD}") ? nil : $0 }
    }
}
