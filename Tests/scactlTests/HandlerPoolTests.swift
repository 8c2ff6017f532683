import SCACore
import SCATesting
import Testing

@testable import scactl

@Suite struct HandlerPoolTests {
    private func message(_ id: String, from sender: Mobile = World.peer) -> HistoryRow { .example(id, peer: sender) }

    private func mobile(_ number: Int) -> Mobile { Mobile(trusted: "90000000\(10 + number)") }

    @Test func oneSendersMessagesRunOneAfterTheOther() {
        var pool = HandlerPool(slots: 4, capacity: 10)
        for id in ["a", "b", "c"] { #expect(pool.append(message(id)) == .taken) }
        for id in ["a", "b", "c"] {
            #expect(pool.start()?.id.text == id)
            #expect(pool.start() == nil)
            pool.finish(World.peer)
        }
        #expect(pool.start() == nil && pool.running == 0 && pool.waiting == 0)
    }

    @Test func differentSendersRunSideBySideUpToTheSlots() {
        var pool = HandlerPool(slots: 2, capacity: 10)
        for number in 0..<3 { _ = pool.append(message("m\(number)", from: mobile(number))) }
        #expect([pool.start(), pool.start()].map { $0?.id.text } == ["m0", "m1"])
        #expect(pool.start() == nil)
        pool.finish(mobile(1))
        #expect(pool.start()?.id.text == "m2")
    }

    @Test func whoWritesALotWaitsBehindTheOthers() {
        var pool = HandlerPool(slots: 1, capacity: 10)
        for id in ["a1", "a2", "a3"] { _ = pool.append(message(id)) }
        _ = pool.append(message("b1", from: World.other))
        var order: [String] = []
        while let next = pool.start() {
            order.append(next.id.text)
            pool.finish(next.from)
        }
        #expect(order == ["a1", "b1", "a2", "a3"])
    }

    @Test func whatDoesNotFitIsLeftOutUntilHalfIsFreeAndToldOnce() {
        var pool = HandlerPool(slots: 1, capacity: 4)
        for number in 0..<4 { #expect(pool.append(message("m\(number)")) == .taken) }
        #expect(pool.append(message("x1")) == .dropped(isNews: true))
        #expect(pool.append(message("x2")) == .dropped(isNews: false))
        #expect(pool.start()?.id.text == "m0")
        #expect(pool.takeDropped() == nil)
        // There is room for one, but what came before it is missing.
        #expect(pool.append(message("x3")) == .dropped(isNews: false))
        pool.finish(World.peer)
        #expect(pool.start()?.id.text == "m1")
        #expect(pool.takeDropped() == 3)
        #expect(pool.takeDropped() == nil)
        #expect(pool.append(message("m4")) == .taken)
    }

    @Test func nothingIsLostDoubledOrOutOfOrderHoweverItComes() {
        var random = SeededGenerator.announced()
        for _ in 0..<50 {
            let slots = Int.random(in: 1...5, using: &random)
            var pool = HandlerPool(slots: slots, capacity: 1000)
            var running: Set<Mobile> = []
            var begun: [Mobile: [Int]] = [:]
            var count = 0
            func start() {
                while let next = pool.start() {
                    #expect(running.insert(next.from).inserted)
                    begun[next.from, default: []].append(Int(next.text) ?? -1)
                }
                #expect(running.count <= slots && pool.running == running.count)
            }
            for _ in 0..<300 {
                if Bool.random(using: &random) {
                    let sender = mobile(Int.random(in: 0..<8, using: &random))
                    _ = pool.append(.example("m\(count)", text: "\(count)", peer: sender))
                    count += 1
                } else if let sender = running.randomElement(using: &random) {
                    running.remove(sender)
                    pool.finish(sender)
                }
                start()
            }
            while let sender = running.popFirst() {
                pool.finish(sender)
                start()
            }
            #expect(begun.values.map(\.count).reduce(0, +) == count)
            #expect(begun.values.allSatisfy { $0 == $0.sorted() })
        }
    }
}

@Suite struct RowQueueTests {
    private func queue(lines: Int = 4, bytes: Int = 1000) -> RowQueue {
        RowQueue(RowQueue.Capacity(lines: lines, bytes: bytes)) { Array("missing \($0)".utf8) }
    }

    private func entry(_ text: String, isAnswer: Bool = false) -> RowQueue.Entry {
        RowQueue.Entry(line: Array(text.utf8), isAnswer: isAnswer)
    }

    private func rest(of queue: inout RowQueue) -> [String] {
        var texts: [String] = []
        while let entry = queue.popFirst() { texts.append(String(decoding: entry.line, as: UTF8.self)) }
        return texts
    }

    @Test func linesComeOutAsTheyWentIn() {
        var queue = queue()
        for text in ["a", "b", "c"] { #expect(queue.append(entry(text)) == true) }
        #expect(rest(of: &queue) == ["a", "b", "c"])
    }

    @Test func aRowStandsWhereOthersAreMissing() {
        var queue = queue()
        let taken = (1...7).map { queue.append(entry("\($0)")) }
        #expect(taken == [true, true, true, true, false, true, true])
        #expect(queue.popFirst()?.line == Array("1".utf8))
        #expect(queue.append(entry("8")) == true)
        #expect(queue.popFirst()?.line == Array("2".utf8))
        #expect(queue.append(entry("9")) == true)
        #expect(rest(of: &queue) == ["3", "4", "missing 4", "9"])
    }

    @Test func bytesCountAsLinesDo() {
        var queue = queue(lines: 100, bytes: 10)
        #expect(queue.append(entry("123456789012")) == true)
        #expect(queue.append(entry("x")) == false)
        #expect(rest(of: &queue) == ["123456789012", "missing 1"])
        #expect(queue.append(entry("y")) == true)
    }

    @Test func theAnswersOfARunThatIsOverGoAndMakeRoom() {
        var queue = queue()
        for (text, isAnswer) in [("a", false), ("r1", true), ("r2", true), ("b", false), ("x", false)] {
            _ = queue.append(entry(text, isAnswer: isAnswer))
        }
        queue.removeAnswers()
        #expect(rest(of: &queue) == ["a", "b", "missing 1"])
    }
}

@Suite struct FirstInFirstOutTests {
    @Test func whatWentInFirstComesOutFirstHoweverLongItIs() {
        var line = FirstInFirstOut<Int>()
        var expected = 0
        for number in 0..<1000 {
            line.append(number)
            if number % 3 != 0 {
                #expect(line.popFirst() == expected)
                expected += 1
            }
        }
        #expect(line.count == 1000 - expected)
        while let number = line.popFirst() {
            #expect(number == expected)
            expected += 1
        }
        #expect(expected == 1000 && line.isEmpty)
    }
}

@Suite struct RestartPolicyTests {
    @Test func eachPauseIsTwiceAsLongUpToHalfAMinute() {
        var policy = RestartPolicy()
        let delays = (0..<9).map { _ in policy.delay(after: .seconds(1)) }
        #expect(delays.map(\.milliseconds) == [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000])
    }

    @Test func aGoodRunStartsItOver() {
        var policy = RestartPolicy()
        for _ in 0..<5 { _ = policy.delay(after: .seconds(59)) }
        #expect(policy.delay(after: .seconds(60)) == .milliseconds(250))
        #expect(policy.delay(after: .zero) == .milliseconds(500))
    }
}
