/// Finds in a text the characters that show nothing themselves and hide or fake something: they turn its direction, break
/// lines unseen, or carry a second text that only programs read.
///
/// A machine, since two kinds are honest in one place only: tags, in the flags of England, Scotland and Wales, and the
/// 240 supplementary variation selectors, one at a time behind a character (a run of them carries any bytes). Left
/// alone everywhere are the joiners U+200C and U+200D and the selectors U+FE00 to FE0F, which emoji and scripts need.
struct HiddenCharacters {
    private var isAfterSelector = false
    /// How many tags of a flag are still to come.
    private var tagsOfFlag = 0

    /// - Parameters:
    ///   - scalar: the next one of the text.
    ///   - rest: what comes after it.
    mutating func contains(_ scalar: Unicode.Scalar, before rest: Substring.UnicodeScalarView) -> Bool {
        // The first selector is U+180B, and to look a property up costs more than all the rest.
        defer { isAfterSelector = scalar.value >= 0x180B && scalar.properties.isVariationSelector }
        switch scalar.value {
        case ..<0xAD: return false
        case 0x1F3F4:
            tagsOfFlag = Self.flags.first { rest.starts(with: $0) }?.count ?? 0
            return false
        case 0xE0020...0xE007F where tagsOfFlag > 0:
            tagsOfFlag -= 1
            return false
        case 0xE0100...0xE01EF: return isAfterSelector
        // Soft hyphen; Arabic letter mark; Mongolian vowel separator; zero width space.
        case 0xAD, 0x61C, 0x180E, 0x200B: return true
        // Left-to-right and right-to-left marks, embeddings, overrides, isolates; line and paragraph separator; word
        // joiner, invisible operators, deprecated format characters.
        case 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F: return true
        // Combining grapheme joiner; inherent vowels of Khmer, which show nothing; the Braille pattern without a dot.
        case 0x34F, 0x17B4, 0x17B5, 0x2800: return true
        // Hangul fillers, which are blank and count as letters; byte order mark; interlinear annotation.
        case 0x115F, 0x1160, 0x3164, 0xFFA0, 0xFEFF, 0xFFF0...0xFFFB: return true
        // Format characters of shorthand and of musical notation; tags, and what is reserved around them.
        case 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF: return true
        default: return false
        }
    }

    /// What follows the black flag U+1F3F4 in each flag that is made of tags: a region's letters, and the end.
    private static let flags = ["gbeng", "gbsct", "gbwls"].map { region in
        region.unicodeScalars.map { Unicode.Scalar(0xE0000 + $0.value) ?? $0 } + ["\u{E007F}"]
    }
}
