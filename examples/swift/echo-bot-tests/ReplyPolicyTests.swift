import SCAClient
import SCACore
import Testing

@testable import echo_bot

/// What the bot decides, under a clock of the test's own.
@Suite struct ReplyPolicyTests {
    private let start = ContinuousClock.now
    private let me: Mobile
    private let asha: Mobile

    init() throws {
        me = try #require(Mobile("9000000001"))
        asha = try #require(Mobile("9876543210"))
    }

    private func message(_ text: String, from: Mobile, direction: HistoryRow.Direction = .in) -> ChatMessage {
        ChatMessage(id: .fresh(), unixMilliseconds: 0, direction: direction, from: from, to: me, text: text)
    }

    @Test func aMessageIsAnsweredWithItsText() {
        var policy = ReplyPolicy(me: me)
        #expect(policy.judge(message("hello", from: asha), now: start) == .answer("hello"))
    }

    @Test func oneselfAndOnesOtherDevicesAreNotAnswered() {
        var policy = ReplyPolicy(me: me)
        #expect(policy.judge(message("note to self", from: me), now: start) == .ignore)
        #expect(policy.judge(message("copy", from: me, direction: .out), now: start) == .ignore)
    }

    @Test func whatTheHistoryHadBeforeTheStartIsNotAnswered() {
        let old = message("again", from: asha)
        let row = HistoryRow(id: old.id, ts: 0, direction: .in, from: asha, to: me, text: old.text)
        var policy = ReplyPolicy(me: me, known: [row])
        #expect(policy.judge(old, now: start) == .ignore)
        #expect(policy.judge(message("again", from: asha), now: start) == .answer("again"))
    }

    @Test func aSenderGetsSoManyAnswersAMinuteAndOthersTheirs() throws {
        var policy = ReplyPolicy(me: me)
        let ravi = try #require(Mobile("9123456780"))
        for _ in 1...ReplyPolicy.limit {
            #expect(policy.judge(message("ping", from: asha), now: start) == .answer("ping"))
        }
        #expect(policy.judge(message("ping", from: asha), now: start + .seconds(59)) == .stop)
        #expect(policy.judge(message("ping", from: asha), now: start + .seconds(59)) == .ignore)
        #expect(policy.judge(message("hello", from: ravi), now: start + .seconds(59)) == .answer("hello"))
        #expect(policy.judge(message("ping", from: asha), now: start + .seconds(60)) == .answer("ping"))
    }
}
