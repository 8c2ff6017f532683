internal import Glibc

/// A text to look for in messages: the `--grep` of the history.
///
/// Compared are bytes of UTF-8, so `é` as one character and as `e` with an accent differ, as they do for `grep`.
///
/// With case, lines are searched raw: escaping goes character by character, so a text that has the needle has, as
/// a line, the escaped needle. What does not have it is not decoded; what has it is, to see that it is in the text and
/// not in a key. A line that was escaped more than ours are (`\u00e9`, `\/`: another program wrote it) is always decoded.
/// Without case every line is decoded: a fold of Unicode on escaped bytes was rejected as a thing to get wrong.
public struct HistorySearch: Sendable, Hashable {
    /// What is looked for; the empty text is in every message.
    public let text: String

    /// Whether `a` finds `A`: both sides are put in lower case, in all of Unicode, before they are compared.
    public let ignoresCase: Bool

    private let needle: [UInt8]
    private let escapedNeedle: [UInt8]

    /// Makes a search.
    ///
    /// - Parameters:
    ///   - text: what to look for, literally.
    ///   - ignoringCase: whether upper and lower case are the same.
    public init(_ text: String, ignoringCase: Bool = false) {
        self.text = text
        self.ignoresCase = ignoringCase
        needle = Array((ignoringCase ? text.lowercased() : text).utf8)
        var escaped = [UInt8]()
        JSONString.appendEscaped(text, to: &escaped)
        escapedNeedle = escaped
    }

    /// Whether `candidate` has the text in it. O(candidate).
    public func matches(_ candidate: String) -> Bool {
        var candidate = ignoresCase ? candidate.lowercased() : candidate
        return candidate.withUTF8 { bytes in
            Self.find(needle, in: UnsafeRawBufferPointer(bytes))
        }
    }

    /// What every line has that matches, unless it is escaped more than ours are; nil if nothing can be said.
    var rawText: [UInt8]? { ignoresCase || escapedNeedle.isEmpty ? nil : escapedNeedle }

    /// False if the row in this line cannot match; true if it must be decoded to know.
    func mayMatch(line: Span<UInt8>) -> Bool {
        guard !ignoresCase else { return true }
        return line.withUnsafeBytes { bytes in
            Self.find(escapedNeedle, in: bytes)
                || Self.find(Self.escapeByNumber, in: bytes)
                || Self.find(Self.escapedSlash, in: bytes)
        }
    }

    private static let escapeByNumber = Array(#"\u"#.utf8)
    private static let escapedSlash = Array(#"\/"#.utf8)

    private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = needle.first, var next = bytes.baseAddress else { return needle.isEmpty }
        let end = next + bytes.count
        // `memchr` and `memcmp`: the `memmem` of the C library is not visible from Swift.
        while end - next >= needle.count,
            let found = memchr(next, Int32(first), end - next - needle.count + 1)
        {
            if memcmp(found, needle, needle.count) == 0 { return true }
            next = UnsafeRawPointer(found) + 1
        }
        return false
    }
}
