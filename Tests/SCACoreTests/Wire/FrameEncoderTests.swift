import SCACore
import Testing

/// Frames built by hand, byte for byte: keys in the order of `docs/protocol.md`, no blanks.
struct FrameEncoderTests {
    let alice: Mobile
    let bob: Mobile
    let id: MessageID

    init() throws {
        alice = try #require(Mobile("9876543210"))
        bob = try #require(Mobile("00123456789"))
        id = try #require(MessageID("m-1"))
    }

    @Test func everyClientFrameHasItsOneSpelling() {
        let frames: [(ClientFrame, String)] = [
            (.ping, #"{"type":"ping"}"#),
            (.getOnlineUsers, #"{"type":"get_online_users"}"#),
            (
                .message(to: alice, text: MessageText("Hello!"), id: nil),
                #"{"type":"message","to":"9876543210","text":"Hello!"}"#
            ),
            (
                .message(to: bob, text: MessageText("Hello!"), id: id),
                #"{"type":"message","to":"00123456789","text":"Hello!","id":"m-1"}"#
            ),
            (
                .receipt(to: alice, id: id, state: .stored),
                #"{"type":"receipt","to":"9876543210","id":"m-1","state":"stored"}"#
            ),
            (.watch([]), #"{"type":"watch","users":[]}"#),
            (.watch([alice, bob]), #"{"type":"watch","users":["9876543210","00123456789"]}"#),
            (.unwatch([bob]), #"{"type":"unwatch","users":["00123456789"]}"#),
        ]
        for (frame, spelling) in frames { #expect(FrameEncoder.encode(frame).text == spelling) }
    }

    @Test func everyServerFrameHasItsOneSpelling() {
        let text = MessageText("hi")
        let hello = Hello(
            server: "scad/1.0.0",
            mobile: alice,
            textBytes: 65_536,
            frameBytes: 132_096,
            heartbeatSeconds: 60
        )
        let whole = RelayedMessage(from: alice, to: bob, text: text, id: id, unixMilliseconds: 1_795_363_670_974)
        let frames: [(ServerFrame, String)] = [
            (.pong, #"{"type":"pong"}"#),
            (.onlineUsers([], rev: nil), #"{"type":"online_users","users":[]}"#),
            (.onlineUsers([bob, alice], rev: nil), #"{"type":"online_users","users":["00123456789","9876543210"]}"#),
            (
                .onlineUsers([alice], rev: .max),
                #"{"type":"online_users","users":["9876543210"],"rev":18446744073709551615}"#
            ),
            (.message(RelayedMessage(from: alice, text: text)), #"{"type":"message","from":"9876543210","text":"hi"}"#),
            (
                .message(whole),
                #"{"type":"message","from":"9876543210","to":"00123456789","text":"hi","id":"m-1","ts":1795363670974}"#
            ),
            (
                .hello(hello),
                #"{"type":"hello","server":"scad/1.0.0","mobile":"9876543210","#
                    + #""limits":{"text_bytes":65536,"frame_bytes":132096},"heartbeat_s":60}"#
            ),
            (
                .ack(id: id, to: bob, sessions: 2, receipts: 1),
                #"{"type":"ack","id":"m-1","to":"00123456789","sessions":2,"receipts":1}"#
            ),
            (
                .receipt(from: bob, id: id, state: .stored),
                #"{"type":"receipt","from":"00123456789","id":"m-1","state":"stored"}"#
            ),
            (
                .presence(rev: 43, joined: [alice], left: [bob]),
                #"{"type":"presence","rev":43,"joined":["9876543210"],"left":["00123456789"]}"#
            ),
            (.presence(rev: 0, joined: [], left: []), #"{"type":"presence","rev":0,"joined":[],"left":[]}"#),
            (.unknown(type: "typing"), ""),
        ]
        for (frame, spelling) in frames { #expect(FrameEncoder.encode(frame).text == spelling) }
    }

    @Test func everyErrorCodeHasItsOneSpelling() {
        let codes: [(WireError.Code, String)] = [
            (.invalidFrame, "invalid_frame"), (.unknownType, "unknown_type"), (.invalidMobile, "invalid_mobile"),
            (.tooLarge, "too_large"), (.recipientOffline, "recipient_offline"), (.recipientBusy, "recipient_busy"),
            (.rateLimited, "rate_limited"), (.unauthorized, "unauthorized"), (.draining, "draining"),
        ]
        #expect(codes.map(\.0) == WireError.Code.allCases)
        for (code, name) in codes {
            let plain = FrameEncoder.encode(.error(WireError(code, "why")))
            #expect(plain.text == #"{"type":"error","code":"\#(name)","message":"why"}"#)
            let answer = FrameEncoder.encode(.error(WireError(code, "why").answering(id)))
            #expect(answer.text == #"{"type":"error","id":"m-1","code":"\#(name)","message":"why"}"#)
        }
    }

    @Test func appendingKeepsWhatIsThere() {
        var bytes = [UInt8]("[")
        FrameEncoder.append(.ping, to: &bytes)
        FrameEncoder.append(.pong, to: &bytes)
        #expect(bytes.text == #"[{"type":"ping"}{"type":"pong"}"#)
    }

    @Test func refusedUpgradeIsAnsweredWithTheErrorAsJSON() {
        let refusal = WireError(.invalidMobile, "a mobile is 10 to 32 \"digits\"", id: id)
        let body = #"{"error":{"code":"invalid_mobile","message":"a mobile is 10 to 32 \"digits\""}}"#
        #expect(FrameEncoder.encodeRefusal(refusal).text == body)
    }

    @Test func onlyWhatJSONDemandsIsEscaped() {
        let text = "\"\\/\u{8}\u{C}\n\r\t\0\u{1}\u{1F}\u{7F}\u{80}é€😀\u{2028}"
        let frame = ClientFrame.message(to: alice, text: MessageText(text), id: nil)
        let spelling = #"\"\\/\b\f\n\r\t\u0000\u0001\u001f"# + "\u{7F}\u{80}é€😀\u{2028}"
        #expect(FrameEncoder.encode(frame).text == #"{"type":"message","to":"9876543210","text":"\#(spelling)"}"#)
    }

    @Test func foreignWordsInErrorsAndHellosAreEscaped() {
        let error = FrameEncoder.encode(.error(WireError(.unknownType, "\"\n\\")))
        #expect(error.text == #"{"type":"error","code":"unknown_type","message":"\"\n\\"}"#)
        let hello = Hello(server: "\"\t", mobile: alice, textBytes: 1, frameBytes: 2, heartbeatSeconds: 3)
        #expect(FrameEncoder.encode(.hello(hello)).text.hasPrefix(#"{"type":"hello","server":"\"\t","mobile":"#))
    }

    @Test func longListOfUsersIsWrittenWhole() throws {
        let users = try (0..<2_000).map { try #require(Mobile("98765\(10_000 + $0)")) }
        let bytes = FrameEncoder.encode(.onlineUsers(users, rev: nil))
        #expect(try FrameDecoder().serverFrame(bytes.span) == .onlineUsers(users, rev: nil))
        #expect(bytes.count == #"{"type":"online_users","users":[]}"#.utf8.count + 2_000 * 13 - 1)
    }
}
