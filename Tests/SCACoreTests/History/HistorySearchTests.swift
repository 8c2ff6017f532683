import SCATesting
import Testing

@testable import SCACore

@Suite struct HistorySearchTests {
    /// Whether the search finds a row with this text, and the raw search on its line agrees that it may.
    private func finds(_ search: HistorySearch, _ text: String) throws -> Bool {
        var filter = HistoryFilter()
        filter.search = search
        let line = Array(try HistoryRow.test("a", text).line.utf8.dropLast())
        let found = search.matches(text)
        switch filter.judge(line.span) {
        case .wanted(let row):
            #expect(row.text == text)
            #expect(found)
        case .unwanted: #expect(!found)
        case .notARow: Issue.record("no row: \(text)")
        }
        return found
    }

    @Test func textIsFoundAnywhereInTheMessage() throws {
        for needle in ["", "hello", "h", "o", "lo, w", "world!"] {
            #expect(try finds(HistorySearch(needle), "hello, world!"))
        }
        #expect(try !finds(HistorySearch("Hello"), "hello, world!"))
        #expect(try !finds(HistorySearch("worlds"), "hello, world!"))
    }

    @Test func keysAndOtherValuesAreNotSearched() throws {
        for needle in ["message", "from", "9123456789", "type\":", "}", "in"] {
            #expect(try !finds(HistorySearch(needle), "hello"))
        }
    }

    @Test func escapedCharactersAreFound() throws {
        let text = "a\"b\\c\nd\te\u{1B}f/g\u{7F}h"
        for needle in ["\"", "\\", "\n", "\t", "\u{1B}", "/", "\u{7F}", "b\\c\nd", text] {
            #expect(try finds(HistorySearch(needle), text))
            #expect(try finds(HistorySearch(needle, ignoringCase: true), text))
        }
        for needle in ["\\n", "n", "u001b", "\\\""] {
            #expect(try !finds(HistorySearch(needle), text))
        }
    }

    @Test func caseIsIgnoredInAllOfUnicode() throws {
        let cases = [("STRASSE", "strasse"), ("ÉCOLE", "école"), ("привет", "ПРИВЕТ"), ("Ω", "ω"), ("👋 HI", "👋 hi")]
        for (needle, text) in cases {
            #expect(try finds(HistorySearch(needle, ignoringCase: true), "-\(text)-"))
            #expect(try finds(HistorySearch(text, ignoringCase: true), "-\(needle)-"))
            #expect(try !finds(HistorySearch(needle), text))
            #expect(try finds(HistorySearch(text), "-\(text)-"))
        }
    }

    @Test func rowsWithOtherEscapesAreFound() throws {
        var filter = HistoryFilter()
        let line = try HistoryRow.test("a", "TEXT").line.dropLast()
            .replacing("TEXT", with: #"caf\u00e9 \/ \ud83d\udc4b \u0061"#)
        for needle in ["café", " / ", "👋", "a", "👋 a"] {
            filter.search = HistorySearch(needle)
            guard case .wanted = filter.judge(Array(line.utf8).span) else {
                Issue.record("not found: \(needle)")
                continue
            }
        }
        filter.search = HistorySearch("u00e9")
        guard case .unwanted = filter.judge(Array(line.utf8).span) else {
            Issue.record("an escape was taken for text")
            return
        }
    }

    @Test func rawSearchAgreesWithTheTextOnRandomMessages() throws {
        var random = SeededGenerator.announced()
        let alphabet = Array("ab\\\"\n/u0é👋").map(String.init)
        func text(_ length: ClosedRange<Int>) -> String {
            (0..<Int.random(in: length, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? ""
            }.joined()
        }
        var hits = 0
        for _ in 0..<2000 where try finds(HistorySearch(text(1...2)), text(0...12)) { hits += 1 }
        #expect(hits > 100)
    }
}
