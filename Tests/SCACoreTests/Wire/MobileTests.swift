import SCACore
import SCATesting
import Testing

/// Mobiles: what is one, and that sixteen bytes keep every digit, the order and equality.
struct MobileTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let masked: String?
        var testDescription: String { name }
    }

    @Test(arguments: try Fixture.decode("wire/mobiles.json", as: [Case].self))
    func mobileIsReadOrRefusedAsTheFixtureSays(_ golden: Case) {
        let mobile = Mobile(golden.text)
        #expect((mobile != nil) == (golden.masked != nil))
        #expect(Mobile(ascii: Array(golden.text.utf8).span) == mobile)
        guard let mobile else { return }
        #expect(mobile.description == golden.text)
        #expect(mobile.count == golden.text.utf8.count)
        #expect(mobile.masked == golden.masked)
        var digits: [UInt8] = []
        mobile.forEachASCIIDigit { digits.append($0) }
        #expect(digits == Array(golden.text.utf8))
    }

    @Test func everyByteThatIsNoDigitIsRefusedAtEveryPlace() {
        for place in 0..<10 {
            for byte in UInt8.min...UInt8.max {
                var ascii = [UInt8]("9876543210")
                ascii[place] = byte
                #expect((Mobile(ascii: ascii.span) != nil) == (0x30...0x39).contains(byte))
            }
        }
    }

    @Test func partOfALongerTextIsReadOnItsOwn() throws {
        let line = "to 9876543210, please"
        #expect(Mobile(line.dropFirst(3).prefix(10))?.description == "9876543210")
        #expect(Mobile(line.dropFirst(3).prefix(11)) == nil)
    }

    @Test func mobileIsSixteenBytes() {
        #expect(MemoryLayout<Mobile>.size == 16)
        #expect(MemoryLayout<Mobile>.stride == 16)
    }

    @Test func mobilesAreOrderedByDigitsAndComeBeforeTheirPrefixes() throws {
        let ordered = [
            "00000000000000000000000000000000", "0000000000", "0000000001", "00123456789", "12345678901234567",
            "1234567890123456",
            "123456789012345", "1234567890", "9876543210", "99999999999", "9999999999",
        ]
        let mobiles = try ordered.map { try #require(Mobile($0)) }
        #expect(mobiles.reversed().sorted() == mobiles)
        for (left, right) in zip(mobiles, mobiles.dropFirst()) {
            #expect(left < right)
            #expect(!(right < left))
        }
    }

    @Test func randomMobilesKeepTheirDigitsTheirOrderAndTheirEquality() throws {
        var generator = SeededGenerator.announced()
        func digits() -> String {
            String(
                (0..<Int.random(in: 10...32, using: &generator)).map { _ in
                    "0123456789".randomElement(using: &generator) ?? "0"
                }
            )
        }
        // A longer number counts as smaller than its prefix: as if an `F` followed the last digit.
        func padded(_ text: String) -> String { text + String(repeating: "F", count: 32 - text.count) }
        for _ in 0..<2_000 {
            let left = digits()
            let right =
                Bool.random(using: &generator)
                ? digits() : String(left.prefix(Int.random(in: 10...left.count, using: &generator)))
            let (one, other) = (try #require(Mobile(left)), try #require(Mobile(right)))
            #expect(one.description == left && other.description == right, "seed \(generator.seed)")
            #expect((one == other) == (left == right), "seed \(generator.seed)")
            #expect((one < other) == (padded(left) < padded(right)), "seed \(generator.seed)")
        }
    }

    @Test func equalMobilesAreOneInASetAndPrefixesAreNot() throws {
        let texts = ["9876543210", "98765432100", "987654321000", "09876543210", "9876543210"]
        let set = Set(try texts.map { try #require(Mobile($0)) })
        #expect(set.count == 4)
        #expect(Mobile("9876543210").hashValue == Mobile("9876543210").hashValue)
        #expect(set.contains(try #require(Mobile("09876543210"))))
        #expect(!set.contains(try #require(Mobile("009876543210"))))
    }
}
