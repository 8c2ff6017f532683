internal import SCACore
internal import Testing

@testable internal import SCAClient

/// Delivery over a base server: the list, the messages, the barrier.
struct DeliveryBaseTests {
    private let bob = Words.bob
    private let carol = Words.carol

    @Test func oneSubmissionIsOneBatch() {
        var bench = TrackerBench(nil)
        bench.submit(1)
        bench.submit(2, to: carol)
        bench.submit(3)
        bench.tracker.connected(Words.base, now: bench.time.now)
        #expect(bench.seen() == [.list])
        bench.list(bob, carol)
        #expect(bench.seen() == [.plain("text 1", bob), .plain("text 2", carol), .plain("text 3", bob), .ping])
        bench.pong()
        #expect(bench.seen() == [1, 2, 3].map { .report($0, .routed) })
    }

    @Test func whoIsNotOnTheListIsOfflineAndGetsNothing() {
        var bench = TrackerBench(nil)
        bench.submit(1)
        bench.submit(2, to: carol)
        bench.tracker.connected(Words.base, now: bench.time.now)
        bench.list(carol)
        #expect(bench.seen() == [.list, .report(1, .offline), .plain("text 2", carol), .ping])
    }

    @Test func batchOfWhichNobodyIsOnlineNeedsNoBarrier() {
        var bench = TrackerBench(Words.base)
        bench.submit(1)
        bench.list()
        bench.submit(2)
        #expect(bench.seen() == [.list, .report(1, .offline), .list])
    }

    /// It may have been handed over in the very moment before.
    @Test func ofARecipientThatLeavesBeforeTheBarrierNothingIsKnown() {
        var bench = TrackerBench(nil)
        bench.submit(1)
        bench.submit(2, to: carol)
        bench.tracker.connected(Words.base, now: bench.time.now)
        bench.list(bob, carol)
        bench.list(carol)
        bench.pong()
        #expect(bench.seen().suffix(2) == [.report(1, .timeout), .report(2, .routed)])
    }

    @Test func nextBatchCollectsWhileOneIsUnderWay() {
        var bench = TrackerBench(Words.base)
        bench.submit(1)
        bench.list(bob)
        bench.submit(2)
        bench.submit(3)
        #expect(bench.seen() == [.list, .plain("text 1", bob), .ping])
        bench.pong()
        #expect(bench.seen() == [.report(1, .routed), .list])
        bench.list(bob)
        #expect(bench.seen() == [.plain("text 2", bob), .plain("text 3", bob), .ping])
    }

    @Test func broadcastThatCrossedTheQuestionAnswersIt() {
        var bench = TrackerBench(Words.base)
        bench.submit(1)
        bench.list(bob)
        bench.list(bob)
        #expect(bench.seen() == [.list, .plain("text 1", bob), .ping], "the second list is only newer")
    }

    @Test func pongThatNobodyWaitsForChangesNothing() {
        var bench = TrackerBench(Words.base)
        bench.pong()
        bench.submit(1)
        bench.pong()
        #expect(bench.seen() == [.list])
    }

    @Test func serverThatDoesNotAnswerIsATimeout() {
        var bench = TrackerBench(Words.base)
        bench.submit(1)
        bench.pass(.seconds(10))
        #expect(bench.seen() == [.list, .report(1, .timeout)])
        bench.submit(2)
        bench.list(bob)
        #expect(bench.seen().first != .plain("text 1", bob), "what was reported is not sent")
    }

    @Test func unansweredMessagesGoAgainAfterAReconnect() {
        var bench = TrackerBench(nil)
        bench.submit(1)
        bench.submit(2)
        bench.tracker.connected(Words.base, now: bench.time.now)
        bench.list(bob)
        _ = bench.seen()
        bench.reconnect(Words.base)
        bench.list(bob)
        #expect(bench.seen() == [.list, .plain("text 1", bob), .plain("text 2", bob), .ping])
        bench.pong()
        #expect(bench.seen() == [.report(1, .routed), .report(2, .routed)])
    }

    @Test func offlineRecipientIsTriedAgainWhenAListHasIt() {
        var bench = TrackerBench(Words.base)
        bench.submit(1, retryFor: .seconds(60))
        bench.list(carol)
        #expect(bench.seen() == [.list])
        bench.list(bob, carol)
        #expect(bench.seen() == [.list])
        bench.list(bob, carol)
        #expect(bench.seen() == [.plain("text 1", bob), .ping])
        bench.pong()
        #expect(bench.seen() == [.report(1, .routed)])
    }

    @Test func dialectMayChangeWithAReconnect() {
        var bench = TrackerBench(Words.v2)
        bench.submit(1)
        bench.reconnect(Words.base)
        bench.list(bob)
        bench.pong()
        #expect(bench.seen() == [.message(1, bob), .list, .plain("text 1", bob), .ping, .report(1, .routed)])
    }

    @Test func messageThatNobodyAsksAboutIsSentAtOnce() {
        var bench = TrackerBench(Words.base)
        bench.submit(1, .none)
        #expect(bench.seen() == [.plain("text 1", bob)])
    }
}
