import SCACore
import Testing

/// Close reasons must fit a control frame: 125 bytes, of which the code takes two (RFC 6455, section 5.5).
struct CloseReasonTests {
    @Test func everyReasonHasItsCodeAndFitsAControlFrame() {
        let reasons: [(CloseReason, UInt16)] = [
            (.normal, 1000), (.draining, 1001), (.protocolError("x"), 1002), (.noStatus, 1005),
            (.invalidData("x"), 1007),
            (.unauthorized, 1008), (.tooBig(limit: .max), 1009), (.tooSlow, 1013), (.heartbeatTimeout, 4000),
        ]
        for (reason, code) in reasons {
            #expect(reason.code == code)
            #expect(reason.reason.utf8.count <= 123)
        }
    }

    @Test func subprotocolIsTheNameOnTheWire() {
        #expect(Dialect.subprotocol == "sca.v2")
        #expect(Dialect(rawValue: "sca.v2") == .v2)
    }
}
