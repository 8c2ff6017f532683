/// Breaks lines at blanks, so that the edge of a terminal cuts no word in two: half words are hard to read, and a screen reader
/// reads them as they stand.
///
/// A word that is wider than the terminal, such as an address, is left to the terminal, which keeps it whole for copying. Widths are
/// those of most terminals; where one draws a character otherwise, a line is a column too short or too long.
enum WordWrap {
    /// Below this nothing is wrapped: a word a line reads no better.
    private static let fewest = 20

    /// - Parameters:
    ///   - text: one line or more; its escape sequences are colours, which take no room.
    ///   - columns: how wide the terminal is; nil to leave the text as it is.
    ///   - indent: where what does not fit goes on, in columns, by how many blanks the line itself begins with.
    static func wrapped(_ text: String, to columns: Int?, indent: (Int) -> Int = { $0 + 2 }) -> String {
        guard let columns, columns >= fewest else { return text }
        // No character takes more columns than bytes, but for a tab.
        if text.utf8.count <= columns, !text.utf8.contains(0x09) { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var row = Row(columns: columns, indent: min(indent(line.prefix { $0 == " " }.count), columns / 2))
            for character in line { row.take(character) }
            return row.finished()
        }
        return lines.joined(separator: "\n")
    }

    /// A line while it is laid out.
    private struct Row {
        let columns: Int
        let indent: Int
        private var done = ""
        /// Where the next character would stand.
        private var column = 0
        private var isAtStart = true
        private var blanks = ""
        private var word = ""
        private var width = 0
        private var isInEscape = false

        init(columns: Int, indent: Int) {
            (self.columns, self.indent) = (columns, indent)
        }

        mutating func take(_ character: Character) {
            if isInEscape || character == "\u{1B}" {
                word.append(character)
                isInEscape = character != "m"
            } else if character == " " || character == "\t" {
                if !word.isEmpty { put() }
                blanks.append(character)
            } else {
                word.append(character)
                width += character.columns
            }
        }

        consuming func finished() -> String {
            put()
            return done
        }

        /// Puts the word behind what is there, or on a line of its own.
        private mutating func put() {
            let place = blanks.reduce(column) { $1 == "\t" ? ($0 / 8 + 1) * 8 : $0 + 1 }
            if place + width > columns, !isAtStart {
                done += "\n" + String(repeating: " ", count: indent) + word
                column = indent + width
            } else {
                done += blanks + word
                column = place + width
            }
            if width > 0 { isAtStart = false }
            // What is too wide goes on at the left edge.
            if column > columns { column %= columns }
            (blanks, word, width) = ("", "", 0)
        }
    }
}

extension Character {
    /// How many columns it takes: none, one or two.
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.value < 0x300 { return 1 }
        // Emoji, also those that a selector makes so, and the two letters of a flag.
        if first.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        return first.isWide ? 2 : first.isMark ? 0 : 1
    }
}

extension Unicode.Scalar {
    /// The blocks that are wide throughout, by Unicode's EastAsianWidth.txt.
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// What stands on or in the character before it.
    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: true
        default: false
        }
    }
}
