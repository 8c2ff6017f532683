import SCACore
import SCATesting
import Testing

/// Message ids: what is one, and that those we make are UUIDs of version 7 that sort by time.
struct MessageIDTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let valid: Bool
        var testDescription: String { name }
    }

    /// Gives out known words, over and over.
    struct Words: RandomNumberGenerator {
        var words: [UInt64]
        mutating func next() -> UInt64 {
            words.append(words.removeFirst())
            return words.last ?? 0
        }
    }

    @Test(arguments: try Fixture.decode("wire/ids.json", as: [Case].self))
    func idIsReadOrRefusedAsTheFixtureSays(_ golden: Case) {
        #expect(MessageID(golden.text)?.text == (golden.valid ? golden.text : nil))
        #expect(MessageID(ascii: Array(golden.text.utf8).span)?.description == (golden.valid ? golden.text : nil))
    }

    @Test func everyByteIsAllowedOrNotAsTheProtocolSays() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8)
        for byte in UInt8.min...UInt8.max { #expect((MessageID(ascii: [byte].span) != nil) == allowed.contains(byte)) }
    }

    /// The example of RFC 9562, appendix A.6.
    @Test func idIsTheOneOfTheStandardsExample() {
        var generator = Words(words: [0xCC3, 0x18C4_DC0C_0C07_398F])
        let id = MessageID(unixMilliseconds: 0x017F_22E2_79B0, using: &generator)
        #expect(id.text == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test(arguments: [UInt64.min, .max])
    func versionAndVariantHoldWhateverTheRandomBits(_ word: UInt64) {
        var generator = Words(words: [word])
        let digit = word == 0 ? "0" : "f"
        let tail = String(repeating: digit, count: 3)
        let id = MessageID(unixMilliseconds: 0, using: &generator)
        #expect(
            id.text == "00000000-0000-7\(tail)-\(word == 0 ? "8" : "b")\(tail)-\(String(repeating: digit, count: 12))"
        )
    }

    @Test(arguments: [
        (Int64(0), "00000000-0000"), (1, "00000000-0001"), (1_795_363_670_974, "01a20403-8bbe"),
        (0xFFFF_FFFF_FFFF, "ffffffff-ffff"),
        (0x1_0000_0000_0000, "00000000-0000"), (-1, "ffffffff-ffff"), (.max, "ffffffff-ffff"), (.min, "00000000-0000"),
    ])
    func lowFortyEightBitsOfTheTimeComeFirst(_ time: Int64, _ head: String) {
        var generator = SeededGenerator(seed: 1)
        #expect(MessageID(unixMilliseconds: time, using: &generator).text.hasPrefix(head + "-7"))
    }

    @Test func madeIdsAreValidSortByTimeAndNeverRepeat() {
        var generator = SeededGenerator.announced()
        var all: [String] = []
        for time in Int64(1_795_363_670_000)..<1_795_363_672_000 {
            let sameTime = (0..<5).map { _ in MessageID(unixMilliseconds: time, using: &generator).text }
            all += sameTime.sorted()
        }
        #expect(all.allSatisfy { MessageID($0)?.text == $0 })
        #expect(all == all.sorted(), "seed \(generator.seed)")
        #expect(Set(all).count == 10_000, "seed \(generator.seed)")
    }
}
