internal import ArgumentParser
internal import FoundationEssentials

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
            let near = known.map { ($0, distance(name, $0)) }.min { $0.1 < $1.1 }
            // Half of its own letters wrong is another word.
            let isNear = near.map { $0.1 * 2 <= name.count - "SCAD_".count } ?? false
            let hint = isNear ? near.map { "; did you mean \($0.0)?" } ?? "" : "; scad --help lists the options"
            return "the environment's \(name) means nothing to scad, and is ignored\(hint)"
        }
    }

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

    /// How many letters must be put in, left out or changed to make one word of the other (Levenshtein).
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, other) in right.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[place + 1]
                row[place + 1] = min(changed, row[place] + 1, row[place + 1] + 1)
            }
        }
        return row[right.count]
    }
}
