/// What somebody may have meant who typed a word that is none.
public enum NearWord {
    /// The word that the typed one begins, else the one with the fewest wrong letters: at most a third of those that were typed.
    ///
    /// - Returns: nil if none is near, or nothing was typed.
    public static func of(_ typed: String, among words: [String]) -> String? {
        // Nobody's word is longer, and the distance is not for texts.
        guard !typed.isEmpty, typed.utf8.count <= 64 else { return nil }
        if let longer = words.first(where: { $0.hasPrefix(typed) }) { return longer }
        let near = words.map { ($0, distance(typed, $0)) }.min { $0.1 < $1.1 }
        return near.flatMap { $0.1 * 3 <= typed.utf8.count ? $0.0 : nil }
    }

    /// How many letters must be put in, left out, changed or swapped with the next to make one word of the other (optimal string
    /// alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var before: [Int] = []
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var next = [index + 1]
            for (place, other) in right.enumerated() {
                var least = min(row[place] + (letter == other ? 0 : 1), row[place + 1] + 1, next[place] + 1)
                if index > 0, place > 0, letter == right[place - 1], left[index - 1] == other {
                    least = min(least, before[place - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}
