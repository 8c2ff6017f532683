import NIOHTTP1
import SCACore
import Testing

@testable import SCAServerd

@Suite struct UpgradeRequestTests {
    private func request(
        _ uri: String,
        method: HTTPMethod = .GET,
        protocols: String? = nil,
        without header: String? = nil,
        with replacement: (name: String, value: String)? = nil
    ) -> UpgradeRequest {
        var headers = HTTPHeaders([
            ("Host", "x"), ("Upgrade", "WebSocket"), ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ])
        if let protocols { headers.add(name: "Sec-WebSocket-Protocol", value: protocols) }
        if let header { headers.remove(name: header) }
        if let replacement { headers.replaceOrAdd(name: replacement.name, value: replacement.value) }
        return UpgradeRequest(HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers))
    }

    private func accepted(_ request: UpgradeRequest) -> SessionTerms? {
        if case .session(let terms, _, _) = request { terms } else { nil }
    }

    private func status(_ request: UpgradeRequest) -> UInt? {
        if case .refused(let status, _) = request { status.code } else { nil }
    }

    @Test func aBaseClientIsVisibleAndHearsOfEveryone() throws {
        let terms = try #require(accepted(request("/ws/9876543210?visible=0&presence=none&receipts=0&x=y")))
        #expect(terms == SessionTerms(mobile: try #require(Mobile("9876543210"))), "the query is sca.v2's alone")
    }

    @Test func theQueryIsReadInTheExtendedDialect() throws {
        let plain = try #require(accepted(request("/ws/9876543210", protocols: "chat, sca.v2")))
        #expect(plain.dialect == .v2 && plain.isVisible && plain.wantsAllPresence && plain.sendsReceipts)
        let hidden = try #require(
            accepted(request("/ws/9876543210?visible=0&presence=none&new=1", protocols: "sca.v2"))
        )
        #expect(!hidden.isVisible && !hidden.wantsAllPresence && !hidden.sendsReceipts)
        let silent = try #require(accepted(request("/ws/9876543210?receipts=0", protocols: "sca.v2")))
        #expect(silent.isVisible && !silent.sendsReceipts)
    }

    @Test(arguments: ["visible=2", "visible", "presence=some", "receipts=yes"])
    func aKnownNameWithAnUnknownValueIsRefused(query: String) {
        #expect(status(request("/ws/9876543210?\(query)", protocols: "sca.v2")) == 400)
    }

    @Test(arguments: ["123456789", "98765x3210", "+9876543210", "", "9876543210/", "%39876543210", "९८७६५४३२१०"])
    func whatIsNotAMobileIsRefusedBeforeTheUpgrade(name: String) {
        guard case .refused(.badRequest, let error) = request("/ws/\(name)") else {
            Issue.record("accepted \(name)")
            return
        }
        #expect(error.code == .invalidMobile)
    }

    @Test func aPlainRequestIsToldToUpgrade() {
        #expect(status(request("/ws/9876543210", without: "Upgrade")) == 426)
        #expect(status(request("/ws/9876543210", without: "Connection")) == 426)
        #expect(status(request("/ws/9876543210", method: .POST)) == 426)
        #expect(status(request("/ws/9876543210", without: "Sec-WebSocket-Key")) == 400)
        #expect(status(request("/ws/9876543210", without: "Sec-WebSocket-Version")) == 400)
    }

    @Test(arguments: [
        ("Upgrade", "websocket"), ("Upgrade", "h2c, WebSocket"), ("Upgrade", "\twebsocket ,h2c"),
        ("Connection", "UPGRADE"),
    ])
    func aWordCountsWhereverItStandsInItsList(header: (name: String, value: String)) {
        #expect(status(request("/ws/9876543210", with: header)) == nil)
    }

    @Test(arguments: [
        ("Upgrade", "not websocket"), ("Upgrade", "websocket/13"), ("Upgrade", "websockets"), ("Upgrade", ","),
        ("Connection", "keep-alive"),
    ])
    func anotherWordIsNoUpgrade(header: (name: String, value: String)) {
        #expect(status(request("/ws/9876543210", with: header)) == 426)
    }

    @Test func theKeyIsAnsweredAsTheRFCsOwnExampleSays() {
        let headers = ProtocolSwitch.headers(accepting: "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(headers["Sec-WebSocket-Accept"] == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
        #expect(headers["Upgrade"] == ["websocket"] && headers["Connection"] == ["upgrade"])
    }

    @Test func healthIsReadWithGetOrHead() {
        guard case .health(hasBody: true) = request("/health"), case .health(hasBody: true) = request("/health?x"),
            case .health(hasBody: false) = request("/health", method: .HEAD)
        else {
            Issue.record("health is not found")
            return
        }
        #expect(status(request("/health", method: .POST)) == 405)
        #expect(status(request("/")) == 404)
        #expect(status(request("/ws")) == 404)
    }
}
