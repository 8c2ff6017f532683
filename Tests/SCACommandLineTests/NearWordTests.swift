import Testing

@testable import SCACommandLine

/// Which word a typed one is taken for.
@Suite struct NearWordTests {
    private static let commands = ["login", "who", "send", "listen", "history", "health", "doctor", "chat"]

    @Test(
        arguments: [
            ("wh", "who"), ("sned", "send"), ("hist", "history"), ("lisen", "listen"), ("docter", "doctor"),
            ("halth", "health"), ("cat", "chat"),
        ]
    )
    func aSlipIsUnderstood(_ typed: String, _ meant: String) {
        #expect(NearWord.of(typed, among: Self.commands) == meant)
    }

    @Test(arguments: ["", "x", "foo", "ls", "quit", "connect", "SEND", "send" + String(repeating: "d", count: 100)])
    func anotherWordIsNot(_ typed: String) {
        #expect(NearWord.of(typed, among: Self.commands) == nil)
    }

    @Test(
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("send", "sned", 1),
            ("abcd", "badc", 2), ("über", "uber", 2),
        ]
    )
    func distancesAreThoseOfTheBooks(_ left: String, _ right: String, _ letters: Int) {
        #expect(NearWord.distance(left, right) == letters)
        #expect(NearWord.distance(right, left) == letters)
    }
}
