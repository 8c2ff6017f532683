internal import Glibc
internal import SCACore
internal import SCAServerd

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
    var port: Int? {
        read("PORT", "a TCP port, 0 to 65535") { Int($0) }
    }

    func text(_ option: String) -> String? {
        read(variable(option), "text") { $0 }
    }

    func number(_ option: String) -> Int? {
        read(variable(option), "a whole number") { Int($0) }
    }

    func duration(_ option: String) -> Duration? {
        read(variable(option), "a duration like 250ms, 10s, 5m") { Duration(parsing: $0) }
    }

    func size(_ option: String) -> Int? {
        read(variable(option), "a size like 65536, 64K, 1M") { SizeArgument(argument: $0)?.bytes }
    }

    func memory(_ option: String) -> MemoryLimit? {
        read(variable(option), "a size like 512M or a share like 80%") { MemoryArgument(argument: $0)?.limit }
    }

    func metrics(_ option: String) -> MetricsAddress? {
        read(variable(option), "a port like 9464, or an address and a port like 0.0.0.0:9464") {
            MetricsAddress(parsing: $0)
        }
    }

    func flag(_ option: String) -> Bool? {
        read(variable(option), "0 or 1") { ["0": false, "1": true][$0] }
    }

    private func variable(_ option: String) -> String { Self.variable(option) }

    /// The name of an option's variable.
    static func variable(_ option: String) -> String {
        "SCAD_" + option.uppercased().split(separator: "-").joined(separator: "_")
    }

    private func read<Value>(_ name: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = lookUp(name), !text.isEmpty else { return nil }
        if let value = parse(text) { return value }
        if problem == nil { problem = "the environment's \(name) is \"\(text)\"; it must be \(expected)" }
        return nil
    }
}
