internal import SCACore
internal import Testing

@testable internal import SCAClient

/// Tries that fail and are repeated: same ids, same order, one report.
struct DeliveryRetryTests {
    private let bob = Words.bob
    private let carol = Words.carol

    @Test func unansweredMessagesGoAgainInOrderAfterAReconnect() {
        var bench = TrackerBench(window: 4)
        for number in 1...6 { bench.submit(number) }
        bench.ack(2)
        bench.receipt(3)
        #expect(bench.seen() == [1, 2, 3, 4].map { .message($0, bob) } + [.report(3, .stored), .message(5, bob)])
        bench.reconnect()
        #expect(bench.seen() == [1, 2, 4, 5].map { .message($0, bob) })
        bench.receipt(1)
        #expect(bench.seen() == [.report(1, .stored), .message(6, bob)])
    }

    @Test func timeoutOfASingleTryRunsOnThroughAReconnect() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.pass(.seconds(9))
        bench.reconnect()
        bench.pass(.seconds(1))
        #expect(bench.seen() == [.message(1, bob), .message(1, bob), .report(1, .timeout)])
    }

    /// Each is what the server says of a second try: it cannot know whether the first has arrived.
    @Test(arguments: [WireError.Code.recipientOffline, .recipientBusy, .tooLarge])
    func refusalOfALaterTrySaysNothingOfTheFirst(code: WireError.Code) {
        var bench = TrackerBench()
        for number in 1...2 { bench.submit(number) }
        bench.ack(1)
        bench.reconnect()
        bench.error(1, code)
        bench.error(2, code)
        #expect(bench.seen().suffix(2) == [.report(1, .timeout), .report(2, .timeout)])
    }

    @Test func whoMayHaveItIsNotSaidToBeOfflineWhenTheTriesEnd() {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(30))
        bench.pass(.seconds(10))
        var reports: [TrackerBench.Seen] = []
        for _ in 0..<100 where !bench.tracker.isIdle {
            bench.passToNextDeadline()
            for seen in bench.seen() {
                if case .message(1, _) = seen { bench.error(1, .recipientOffline) }
                if case .report = seen { reports.append(seen) }
            }
        }
        #expect(reports == [.report(1, .timeout)])
    }

    @Test func whatIsUnderWayInTheEndIsNotSaidToBeRefused() {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(60))
        bench.error(1, .recipientOffline)
        bench.receive(.presence(rev: 9, joined: [bob], left: []))
        bench.tracker.end(now: bench.time.now)
        #expect(bench.seen().last == .report(1, .timeout))
    }

    @Test func offlineRecipientIsTriedAgainAtOnceWhenItComesOnline() {
        var bench = TrackerBench()
        for number in 1...3 { bench.submit(number, retryFor: .seconds(60)) }
        for number in 1...3 { bench.error(number, .recipientOffline) }
        #expect(bench.seen() == [1, 2, 3].map { .message($0, bob) } + [.watch(bob)])
        bench.submit(4, retryFor: .seconds(60))
        bench.submit(5, to: carol, retryFor: .seconds(60))
        #expect(bench.seen() == [.message(5, carol)], "others do not wait")
        bench.receive(.presence(rev: 9, joined: [bob], left: []))
        #expect(bench.seen() == [.message(1, bob)])
        bench.ack(1)
        #expect(bench.seen() == [.message(2, bob)])
        bench.ack(2, receipts: 0)
        #expect(bench.seen() == [.report(2, .routed), .message(3, bob)])
        bench.receipt(3)
        #expect(bench.seen() == [.report(3, .stored), .message(4, bob)])
        bench.ack(4)
        #expect(bench.seen() == [.unwatch(bob)])
        bench.receipt(1)
        bench.receipt(4)
        bench.submit(6, retryFor: .seconds(60))
        #expect(bench.seen() == [.report(1, .stored), .report(4, .stored), .message(6, bob)], "the lane is gone")
    }

    @Test func retriesKeepToTheWindowAndGoBeforeNewMessages() {
        var bench = TrackerBench(window: 2)
        bench.submit(1, retryFor: .seconds(60))
        bench.submit(2, retryFor: .seconds(60))
        for number in 1...2 { bench.error(number, .recipientOffline) }
        for number in 3...4 { bench.submit(number, to: carol) }
        _ = bench.seen()
        bench.receive(.presence(rev: 9, joined: [bob], left: []))
        bench.submit(5, to: carol)
        #expect(bench.seen() == [], "the window is full")
        bench.receipt(3, from: carol)
        #expect(bench.seen() == [.report(3, .stored), .message(1, bob)])
        bench.ack(1)
        #expect(bench.seen() == [], "acknowledged, and not stored yet")
        bench.receipt(1)
        #expect(bench.seen() == [.report(1, .stored), .message(2, bob)])
        bench.ack(2, receipts: 0)
        #expect(bench.seen() == [.report(2, .routed), .unwatch(bob), .message(5, carol)])
    }

    @Test(arguments: [WireError.Code.recipientOffline, .recipientBusy])
    func refusedMessageIsTriedAgainWithGrowingPauses(code: WireError.Code) {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(600))
        bench.error(1, code)
        var spans: [Duration] = []
        for _ in 0..<8 {
            let before = bench.time.now.instant
            bench.passToNextDeadline()
            spans.append(bench.time.now.instant - before)
            #expect(bench.seen().last == .message(1, bob))
            bench.error(1, code)
        }
        let limits: [Duration] = [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4)]
        for (index, span) in spans.enumerated() {
            #expect(span <= (index < limits.count ? limits[index] : .seconds(5)))
        }
        bench.passToNextDeadline()
        bench.receipt(1)
        #expect(bench.seen().filter { $0 == .report(1, .stored) }.count == 1)
    }

    @Test func retriesEndWhenTheirTimeIsOver() {
        var bench = TrackerBench()
        let start = bench.time.now.instant
        bench.submit(1, retryFor: .seconds(3))
        bench.submit(2, retryFor: .seconds(3))
        bench.error(1, .recipientOffline)
        bench.error(2, .recipientBusy)
        var reports: [TrackerBench.Seen] = []
        for _ in 0..<100 where !bench.tracker.isIdle {
            bench.passToNextDeadline()
            for seen in bench.seen() {
                if case .message(let number, _) = seen { bench.error(number, .recipientOffline) }
                if case .report = seen { reports.append(seen) }
            }
        }
        #expect(Set(reports) == [.report(1, .offline), .report(2, .busy)], "2 never had another turn")
        #expect(bench.time.now.instant - start == .seconds(3))
    }

    @Test func lastWordIsReportedWhenRetriesEnd() {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(3))
        bench.submit(2, to: carol, retryFor: .seconds(3))
        bench.error(1, .recipientOffline)
        bench.error(2, .recipientBusy)
        bench.tracker.disconnected(now: bench.time.now)
        bench.pass(.seconds(3))
        #expect(Set(bench.seen().suffix(2)) == [.report(1, .offline), .report(2, .busy)])
    }

    @Test func silenceIsTriedAgainWithTheSameId() {
        var bench = TrackerBench()
        bench.submit(1, timeout: .seconds(1), retryFor: .seconds(60))
        bench.pass(.seconds(1))
        bench.passToNextDeadline()
        #expect(bench.seen() == [.message(1, bob), .message(1, bob)])
        bench.pass(.seconds(1))
        bench.passToNextDeadline()
        #expect(bench.seen() == [.message(1, bob)], "each try has its own time")
        bench.receipt(1)
        #expect(bench.seen() == [.report(1, .stored)])
    }

    @Test func lateAnswerOfAnEarlierTryCounts() {
        var bench = TrackerBench()
        bench.submit(1, .routed, timeout: .seconds(1), retryFor: .seconds(60))
        bench.submit(2, timeout: .seconds(1), retryFor: .seconds(60))
        bench.pass(.seconds(1))
        bench.ack(1)
        bench.receipt(2)
        let seen = bench.seen()
        #expect(seen.suffix(2) == [.report(1, .routed), .report(2, .stored)])
        #expect(bench.tracker.isIdle)
        bench.pass(.seconds(60))
        #expect(bench.seen().allSatisfy { $0 == .unwatch(bob) })
    }

    @Test func rejectedMessageIsNotTriedAgain() {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(60))
        bench.error(1, .tooLarge)
        #expect(bench.seen() == [.message(1, bob), .report(1, .rejected)])
    }

    @Test func lossWhileOneIsTriedPutsItBackInItsPlace() {
        var bench = TrackerBench()
        for number in 1...3 { bench.submit(number, retryFor: .seconds(60)) }
        for number in 1...3 { bench.error(number, .recipientOffline) }
        bench.receive(.presence(rev: 9, joined: [bob], left: []))
        _ = bench.seen()
        bench.reconnect()
        #expect(bench.seen() == [.message(1, bob)], "a new connection is a reason to try")
        for number in 1...3 { bench.ack(number) }
        #expect(bench.seen() == [.message(2, bob), .message(3, bob)])
    }

    @Test func acknowledgedMessageStaysBeforeTheOthersAfterAReconnect() {
        var bench = TrackerBench()
        for number in 1...3 { bench.submit(number, retryFor: .seconds(60)) }
        bench.ack(1)
        bench.error(2, .recipientBusy)
        bench.error(3, .recipientBusy)
        _ = bench.seen()
        bench.reconnect()
        for number in 1...3 { bench.ack(number) }
        #expect(bench.seen() == [1, 2, 3].map { .message($0, bob) })
    }

    @Test func messageWithoutRetriesDoesNotWaitBehindOneWith() {
        var bench = TrackerBench()
        bench.submit(1, retryFor: .seconds(60))
        bench.error(1, .recipientOffline)
        bench.submit(2)
        #expect(bench.seen() == [.message(1, bob), .watch(bob), .message(2, bob)])
    }

    @Test func waitingForRetriesTakesNoRoomUntilThereAreVeryMany() {
        var bench = TrackerBench(window: 2)
        for number in 0..<128 {
            bench.submit(number, retryFor: .seconds(60))
            if number < 2 { bench.error(number, .recipientOffline) }
        }
        #expect(bench.tracker.room == 0)
        bench.pass(.seconds(1))
        bench.receipt(0)
        #expect(bench.tracker.room > 0)
    }

    @Test func retriesThatOutliveTheConnectionWaitForTheNext() {
        var bench = TrackerBench()
        bench.submit(1, timeout: .seconds(1), retryFor: .seconds(60))
        bench.tracker.disconnected(now: bench.time.now)
        bench.submit(2, timeout: .seconds(1), retryFor: .seconds(60))
        bench.pass(.seconds(30))
        #expect(bench.seen() == [.message(1, bob)])
        bench.tracker.connected(Words.v2, now: bench.time.now)
        #expect(bench.seen() == [.message(1, bob), .message(2, bob)])
        bench.tracker.disconnected(now: bench.time.now)
        bench.pass(.seconds(30))
        #expect(bench.seen() == [.report(1, .timeout), .report(2, .timeout)])
    }
}
