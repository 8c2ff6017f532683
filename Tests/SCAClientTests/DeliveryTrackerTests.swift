internal import SCACore
internal import Testing

@testable internal import SCAClient

/// One try over `sca.v2`: from submitting to the one report.
struct DeliveryTrackerTests {
    private let bob = Words.bob
    private let carol = Words.carol

    @Test func storedNeedsAnAckAndAReceipt() {
        var bench = TrackerBench()
        bench.submit(1)
        #expect(bench.seen() == [.message(1, bob)])
        bench.ack(1)
        #expect(bench.seen() == [])
        bench.receipt(1)
        #expect(bench.seen() == [.report(1, .stored)])
        #expect(bench.tracker.isIdle)
    }

    @Test func receiptBeforeItsAckCounts() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.receipt(1)
        #expect(bench.seen() == [.message(1, bob), .report(1, .stored)])
        bench.ack(1)
        #expect(bench.seen() == [])
    }

    @Test func ackWithoutReceiptsToComeMeansRouted() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.ack(1, receipts: 0)
        #expect(bench.seen() == [.message(1, bob), .report(1, .routed)])
    }

    @Test func whoWaitsForRoutedHasItWithTheAck() {
        var bench = TrackerBench()
        bench.submit(1, .routed)
        bench.receipt(1)
        #expect(bench.seen() == [.message(1, bob)])
        bench.ack(1, receipts: 2)
        #expect(bench.seen() == [.report(1, .routed)])
    }

    @Test func answersThatComeTwiceAreReportedOnce() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.ack(1)
        bench.ack(1)
        bench.receipt(1)
        bench.receipt(1)
        bench.error(1, .recipientOffline)
        bench.ack(1)
        bench.pass(.seconds(100))
        #expect(bench.seen() == [.message(1, bob), .report(1, .stored)])
    }

    @Test func answersFromOthersAreIgnored() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.ack(1, to: carol)
        bench.ack(1)
        bench.receipt(1, from: carol)
        bench.receipt(2)
        #expect(bench.seen() == [.message(1, bob)])
        bench.pass(.seconds(10))
        #expect(bench.seen() == [.report(1, .timeout)])
    }

    @Test(arguments: [
        (WireError.Code.recipientOffline, DeliveryStatus.offline), (.recipientBusy, .busy), (.invalidMobile, .rejected),
        (.tooLarge, .rejected), (.unauthorized, .rejected), (.draining, .rejected), (.rateLimited, .rejected),
    ])
    func errorSettlesTheMessage(code: WireError.Code, status: DeliveryStatus) {
        var bench = TrackerBench()
        bench.submit(1)
        bench.error(1, code, "the reason")
        guard case .report(let delivery) = bench.tracker.takeActions().last else {
            return #expect(Bool(false), "no report")
        }
        #expect(delivery.status == status)
        #expect(delivery.reason == (status == .rejected ? "the reason" : nil))
        #expect(bench.tracker.isIdle)
    }

    @Test func reportTellsTextAndTimes() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.pass(.milliseconds(1_500))
        bench.receipt(1)
        guard case .report(let delivery) = bench.tracker.takeActions().last else {
            return #expect(Bool(false), "no report")
        }
        #expect(delivery.text == "text 1")
        #expect(delivery.to == bob)
        #expect(delivery.elapsed == .milliseconds(1_500))
        #expect(delivery.unixMilliseconds == bench.time.now.unixMilliseconds)
        #expect(!delivery.isUnconfirmed)
    }

    @Test func noAnswerInTimeIsATimeout() {
        var bench = TrackerBench()
        bench.submit(1, timeout: .seconds(3))
        bench.submit(2, timeout: .seconds(2))
        bench.ack(1)
        #expect(bench.tracker.nextDeadline() == bench.time.now.instant + .seconds(2))
        bench.pass(.milliseconds(1_999))
        #expect(bench.seen() == [.message(1, bob), .message(2, bob)])
        bench.pass(.milliseconds(1))
        #expect(bench.seen() == [.report(2, .timeout)])
        bench.pass(.seconds(1))
        #expect(bench.seen() == [.report(1, .timeout)], "the receipt did not come")
        #expect(bench.tracker.nextDeadline() == nil)
    }

    @Test func windowLimitsWhatIsUnanswered() {
        var bench = TrackerBench(window: 2)
        #expect(bench.tracker.room == 2)
        for number in 1...5 { bench.submit(number, .routed) }
        #expect(bench.tracker.room == 0)
        #expect(bench.seen() == [.message(1, bob), .message(2, bob)])
        bench.ack(2)
        #expect(bench.seen() == [.report(2, .routed), .message(3, bob)])
        bench.ack(1)
        bench.ack(3)
        #expect(bench.seen() == [.report(1, .routed), .message(4, bob), .report(3, .routed), .message(5, bob)])
        #expect(bench.tracker.room == 0)
        bench.ack(4)
        #expect(bench.tracker.room == 1)
    }

    @Test func textOverTheLimitIsRejectedHere() {
        var info = Words.v2
        info.limits = WireLimits(textBytes: 10, frameBytes: 1_000)
        var bench = TrackerBench(info)
        let message = Outgoing(to: bob, text: "eleven byte", id: Words.id(1))
        bench.tracker.submit(message, now: bench.time.now)
        guard case .report(let delivery) = bench.tracker.takeActions().last else {
            return #expect(Bool(false), "no report")
        }
        #expect(delivery.status == .rejected)
        #expect(delivery.reason == "the text has 11 bytes; this server takes up to 10")
        #expect(bench.tracker.isIdle && bench.tracker.room == 256)
    }

    @Test func frameOverTheLimitIsRejectedHere() {
        var info = Words.v2
        info.limits = WireLimits(textBytes: 1_000, frameBytes: 600)
        var bench = TrackerBench(info)
        for (number, text) in [(1, String(repeating: "\u{1}", count: 100)), (2, String(repeating: "a", count: 100))] {
            bench.tracker.submit(Outgoing(to: bob, text: text, id: Words.id(number)), now: bench.time.now)
        }
        guard case .report(let delivery) = bench.tracker.takeActions().first else {
            return #expect(Bool(false), "no report")
        }
        #expect(delivery.reason?.contains("this server takes up to 600") == true)
        #expect(bench.tracker.inFlight == 1)
    }

    @Test func idThatIsStillUnansweredIsRejected() {
        var bench = TrackerBench()
        bench.submit(1)
        bench.submit(1)
        bench.receipt(1)
        #expect(bench.seen() == [.message(1, bob), .report(1, .rejected), .report(1, .stored)])
    }

    @Test func messageThatNobodyAsksAboutIsUnconfirmedOnceWritten() {
        var bench = TrackerBench()
        bench.submit(1, .none)
        bench.submit(2, .none)
        #expect(bench.seen() == [.plain("text 1", bob), .plain("text 2", bob)])
        let mark = bench.tracker.writeMark
        bench.submit(3, .none)
        bench.tracker.written(upTo: mark, now: bench.time.now)
        #expect(bench.seen() == [.plain("text 3", bob), .unconfirmed(1), .unconfirmed(2)])
        bench.tracker.written(upTo: bench.tracker.writeMark, now: bench.time.now)
        #expect(bench.seen() == [.unconfirmed(3)])
        #expect(bench.tracker.isIdle)
    }

    @Test func messageThatCouldNotBeWrittenIsATimeout() {
        var bench = TrackerBench()
        bench.submit(1, .none)
        bench.tracker.disconnected(now: bench.time.now)
        bench.pass(.seconds(10))
        #expect(bench.seen() == [.plain("text 1", bob), .report(1, .timeout)])
    }

    @Test func endReportsWhateverIsPendingInOrder() {
        var bench = TrackerBench(window: 2)
        for number in 1...4 { bench.submit(number) }
        bench.ack(1)
        bench.tracker.end(now: bench.time.now)
        #expect(bench.seen().suffix(4) == (1...4).map { .report($0, .timeout) })
        bench.receipt(1)
        bench.pass(.seconds(100))
        #expect(bench.seen() == [])
        bench.submit(5, retryFor: .seconds(60))
        #expect(bench.seen() == [.report(5, .timeout)], "too late")
        #expect(bench.tracker.isIdle)
    }

    @Test func messagesWaitForAConnectionWithinTheirTime() {
        var bench = TrackerBench(nil)
        bench.submit(1, timeout: .seconds(5))
        bench.submit(2, timeout: .seconds(50))
        bench.pass(.seconds(5))
        #expect(bench.seen() == [.report(1, .timeout)])
        bench.tracker.connected(Words.v2, now: bench.time.now)
        #expect(bench.seen() == [.message(2, bob)])
    }

    @Test func hundredThousandMessagesLeaveNothingBehind() {
        var bench = TrackerBench()
        var reports = 0
        for number in 0..<100_000 {
            bench.submit(number)
            if number % 200 == 199 {
                for answered in number - 199...number {
                    bench.ack(answered)
                    bench.receipt(answered)
                }
                reports += bench.seen().count { if case .report(_, .stored) = $0 { true } else { false } }
            }
        }
        #expect(reports == 100_000)
        #expect(bench.tracker.isIdle && bench.tracker.room == 256)
        #expect(bench.tracker.nextDeadline() == nil)
    }
}
