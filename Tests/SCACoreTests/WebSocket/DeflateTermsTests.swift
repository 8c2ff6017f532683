internal import Testing

@testable internal import SCACore

/// The negotiation of permessage-deflate (RFC 7692, section 7.1).
struct DeflateTermsTests {
    private func answer(_ bits: Int, _ offers: String...) throws -> String? {
        try DeflatePolicy(windowBits: bits).accept(offers)?.header
    }

    private static let none = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    @Test func theFirstOfferThatCanBeKeptIsTaken() throws {
        #expect(try answer(15, "permessage-deflate") == Self.none)
        #expect(try answer(15, "x-other; a=1, permessage-deflate; client_max_window_bits") == Self.none)
        #expect(
            try answer(15, "x-other", "permessage-deflate;client_max_window_bits=10") == Self.none
                + "; client_max_window_bits=10"
        )
        #expect(
            try answer(15, "permessage-deflate; what, permessage-deflate; server_max_window_bits=9")
                == Self.none + "; server_max_window_bits=9"
        )
        #expect(
            try answer(15, "permessage-deflate; server_max_window_bits=\"1\\0\"") == Self.none
                + "; server_max_window_bits=10"
        )
        #expect(try answer(15) == nil)
        #expect(try answer(15, "permessage-bzip2, , x") == nil)
    }

    @Test func windowsAreBoundedOrTheOfferIsDeclined() throws {
        let bounded = Self.none + "; server_max_window_bits=12; client_max_window_bits=12"
        #expect(try answer(12, "permessage-deflate; client_max_window_bits") == bounded)
        #expect(try answer(12, "permessage-deflate; client_max_window_bits=15") == bounded)
        #expect(try answer(12, "permessage-deflate") == nil)
        #expect(
            try answer(12, "permessage-deflate; server_max_window_bits=15; client_max_window_bits=8")
                == Self.none + "; server_max_window_bits=12; client_max_window_bits=8"
        )
    }

    @Test(arguments: [
        "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=08",
        "server_max_window_bits=+9", "client_max_window_bits=1", "client_max_window_bits=100",
        "server_no_context_takeover=1", "client_no_context_takeover=yes", "window=9",
        "client_max_window_bits; client_max_window_bits", "server_no_context_takeover; server_no_context_takeover",
    ])
    func anOfferThatIsWrongIsDeclined(parameters: String) throws {
        #expect(try answer(15, "permessage-deflate; " + parameters) == nil)
    }

    @Test(arguments: [
        "permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; a=", "permessage-deflate; a=\"", "a b",
        "\"a\"",
        "permessage-deflate; a=\"b c\"", "permessage-deflate; a=\"\"", "@", "a; b=c d",
    ])
    func whatIsNoListIsAnError(header: String) {
        #expect(throws: WireError.self) { try answer(15, header) }
    }

    @Test func theServersAnswerIsBinding() {
        let all = DeflateTerms.answer([
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8"
        ])
        #expect(all?.server == DeflateTerms.Direction(windowBits: 9, takesOver: false))
        #expect(all?.client == DeflateTerms.Direction(windowBits: 8, takesOver: false))
        let least = DeflateTerms.answer(["permessage-deflate"])
        #expect(least?.server == DeflateTerms.Direction(windowBits: 15, takesOver: true))
        #expect(least?.client == DeflateTerms.Direction(windowBits: 15, takesOver: false))
        #expect(all?.inbound(.client) == all?.server && all?.outbound(.client) == all?.client)
    }

    @Test(arguments: [
        "", "permessage-bzip2", "permessage-deflate, permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=16", "permessage-deflate; unknown", "permessage-deflate; ",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; client_no_context_takeover=1",
    ])
    func anAnswerThatIsWrongFailsTheConnection(header: String) {
        #expect(DeflateTerms.answer([header]) == nil)
    }

    @Test func bothEndsUnderstandEachOther() throws {
        let agreed = try #require(try DeflatePolicy(windowBits: 11).accept([DeflateTerms.offer]))
        #expect(DeflateTerms.answer([agreed.header]) == agreed.terms)
    }
}
