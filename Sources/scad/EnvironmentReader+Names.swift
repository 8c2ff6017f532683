internal import ArgumentParser
internal import FoundationEssentials
internal import SCACommandLine

extension EnvironmentReader {
    /// A sentence about each variable that looks like one of ours and is none.
    ///
    /// Ours are the options as the parser knows them, so a new one needs no list here. Asking it takes a millisecond, and is done
    /// only where there is such a variable.
    var remarks: [String] {
        let names = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("SCAD_") }.sorted()
        guard !names.isEmpty else { return [] }
        return Self.remarks(on: names, known: Self.known)
    }

    static func remarks(on names: [String], known: [String]) -> [String] {
        names.filter { !known.contains($0) }.map { name in
            let near = NearWord.of(ending(name), among: known.map(ending))
            let hint = near.map { "; did you mean SCAD_\($0)?" } ?? "; scad --help lists the options"
            return "the environment's \(name) means nothing to scad, and is ignored\(hint)"
        }
    }

    /// What follows `SCAD_`.
    private static func ending(_ name: String) -> String { String(name.dropFirst("SCAD_".count)) }

    /// The variables of all options.
    private static var known: [String] {
        struct Tool: Decodable { var command: Command }
        struct Command: Decodable { var arguments: [Argument]? }
        struct Argument: Decodable { var names: [Name]? }
        struct Name: Decodable { var kind, name: String }
        let tool = try? JSONDecoder().decode(Tool.self, from: Data(Scad._dumpHelp().utf8))
        let names = (tool?.command.arguments ?? []).flatMap { $0.names ?? [] }
        let options = names.filter { $0.kind == "long" && !["help", "version"].contains($0.name) }
        return options.map { variable($0.name) }
    }
}
