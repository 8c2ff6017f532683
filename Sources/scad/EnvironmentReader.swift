internal import Glibc

/// Reads options from the environment: `SCAD_` and the option's name in capitals.
///
/// It remembers the first value that it could not use, so that a typo is an error and not ignored; and it finds names that mean
/// nothing to us, so that a typo there is at least said.
final class EnvironmentReader {
    private(set) var problem: String?
    private let lookUp: (String) -> String?

    init(lookUp: @escaping (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
        self.lookUp = lookUp
    }

    /// The port that hosting platforms give.
    var port: Int? { read("PORT", .port) }

    func text(_ option: String) -> String? { value(option, .text) }

    func flag(_ option: String) -> Bool? { value(option, .flag) }

    func value<Value>(_ option: String, _ kind: OptionValue<Value>) -> Value? { read(Self.variable(option), kind) }

    /// The name of an option's variable.
    static func variable(_ option: String) -> String {
        "SCAD_" + option.uppercased().split(separator: "-").joined(separator: "_")
    }

    private func read<Value>(_ name: String, _ kind: OptionValue<Value>) -> Value? {
        guard let text = lookUp(name), !text.isEmpty else { return nil }
        if let value = kind.parse(text) { return value }
        if problem == nil { problem = "the environment's \(name) is \"\(text)\"; it must be \(kind.expected)" }
        return nil
    }
}
