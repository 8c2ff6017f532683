internal import SCACore

/// What Tab knows: the commands, and the mobiles of those one may want to write to.
struct Completion: Hashable, Sendable {
    /// Those online first, then those talked to before, the latest first.
    var mobiles: [Mobile] = []

    /// The words that the one under the cursor may become.
    ///
    /// - Parameters:
    ///   - word: what of it stands before the cursor.
    ///   - before: the line in front of it.
    /// - Returns: best first; empty if nothing fits. In a text nothing does: it is nobody's business what people write.
    func candidates(for word: String, after before: String) -> [String] {
        let words = before.split(separator: " ")
        switch (words.first, words.count) {
        case (nil, _):
            guard word.isEmpty || word.hasPrefix("/") else { return [] }
            return SlashCommand.all.map(\.name).filter { $0.hasPrefix(word) }
        case ("/to", 1): return mobiles.map(\.description).filter { $0.hasPrefix(word) }
        case ("/presence", 1): return ["on", "off"].filter { $0.hasPrefix(word) }
        default: return []
        }
    }

    /// What all candidates begin with.
    static func commonPrefix(of candidates: [String]) -> String {
        guard var prefix = candidates.first?[...] else { return "" }
        for candidate in candidates.dropFirst() {
            while !candidate.hasPrefix(prefix) { prefix.removeLast() }
        }
        return String(prefix)
    }
}
