internal import SCACore
internal import SCATesting
internal import Testing

@testable internal import SCAClient

/// A tracker against a server and recipients that do everything they may do, and some things they may not.
struct DeliverySimulationTests {
    /// The other side: what was transmitted and is not handled yet, what was answered and has not arrived yet.
    private struct World {
        var bench: TrackerBench
        var random: SeededGenerator
        var toServer: [TrackerBench.Seen] = []
        var toClient: [ServerFrame] = []
        var pongsDue = 0
        var online: Set<Mobile> = [Words.bob]
        /// For each recipient the messages it has, in the order of their first arrival.
        var arrived: [Mobile: [Int]] = [:]
        var reports: [Int: [DeliveryStatus]] = [:]
        var isConnected = true
        /// How many of a hundred messages find their recipient's queue full.
        var busy = 5

        mutating func chance(_ percent: Int) -> Bool {
            Int.random(in: 0..<100, using: &random) < percent
        }

        mutating func collect() {
            for seen in bench.seen() {
                switch seen {
                case .report(let number, let status): reports[number, default: []].append(status)
                case .unconfirmed(let number): reports[number, default: []].append(.routed)
                default: if isConnected { toServer.append(seen) }
                }
            }
        }

        /// The server handles the next thing it was sent.
        mutating func serve() {
            guard !toServer.isEmpty else { return }
            switch toServer.removeFirst() {
            case .message(let number, let to):
                guard online.contains(to) else { return answer(.error(refusal(number, .recipientOffline))) }
                if chance(busy) { return answer(.error(refusal(number, .recipientBusy))) }
                arrive(number, to)
                let ack = ServerFrame.ack(id: Words.id(number), to: to, sessions: 1, receipts: 1)
                let receipt = ServerFrame.receipt(from: to, id: Words.id(number), state: .stored)
                if chance(10) { answer(receipt) }
                if !chance(3) { answer(ack) }
                if !chance(10) { answer(receipt) }
                if chance(5) { answer(ack) }
            case .plain(let text, let to):
                if online.contains(to), let number = Int(text.dropFirst(5)) { arrive(number, to) }
            case .list: answer(.onlineUsers(online.sorted(), rev: nil))
            case .ping: answer(.pong)
            case .watch(let mobile):
                if online.contains(mobile) { answer(.presence(rev: 1, joined: [mobile], left: [])) }
            case .report, .unconfirmed, .unwatch, .other: return
            }
        }

        func refusal(_ number: Int, _ code: WireError.Code) -> WireError {
            WireError(code, "no", id: Words.id(number))
        }

        mutating func answer(_ frame: ServerFrame) {
            toClient.append(frame)
        }

        mutating func arrive(_ number: Int, _ to: Mobile) {
            if arrived[to]?.contains(number) != true { arrived[to, default: []].append(number) }
        }

        mutating func deliverAnswer() {
            guard !toClient.isEmpty else { return }
            let frame = toClient.removeFirst()
            if frame == .pong { bench.pong() } else { bench.receive(frame) }
        }

        mutating func toggle(_ mobile: Mobile) {
            let isOnline = online.remove(mobile) == nil
            if isOnline { online.insert(mobile) }
            guard isConnected else { return }
            if bench.tracker.server?.dialect == .base {
                answer(.onlineUsers(online.sorted(), rev: nil))
            } else {
                answer(.presence(rev: 1, joined: isOnline ? [mobile] : [], left: isOnline ? [] : [mobile]))
            }
        }

        mutating func lose() {
            isConnected = false
            toServer = []
            toClient = []
            bench.tracker.disconnected(now: bench.time.now)
        }

        mutating func mend(_ server: ServerInfo) {
            isConnected = true
            bench.tracker.connected(server, now: bench.time.now)
        }

        /// One random step.
        mutating func step(_ server: ServerInfo, losses: Int, toggles: Int) {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<losses: isConnected ? lose() : mend(server)
            case losses..<losses + toggles: toggle(Words.mobile(Int.random(in: 2...4, using: &random)))
            case 90...: bench.pass(.milliseconds(Int.random(in: 0...400, using: &random)))
            case 50..<90: deliverAnswer()
            default: serve()
            }
            collect()
        }
    }

    @Test(arguments: [Words.v2, Words.base])
    func everyMessageIsReportedExactlyOnceWhateverHappens(server: ServerInfo) {
        var seeds = SeededGenerator.announced()
        for _ in 0..<40 {
            var world = World(bench: TrackerBench(server, window: 8), random: SeededGenerator(seed: seeds.next()))
            var submitted = 0
            for _ in 0..<1_500 {
                while submitted < 200, world.bench.tracker.room > 0, world.chance(40) {
                    world.bench.submit(
                        submitted,
                        to: Words.mobile(2 + submitted % 3),
                        [.stored, .stored, .routed, .none][submitted % 4],
                        timeout: .seconds(2),
                        retryFor: world.chance(50) ? .seconds(Int.random(in: 1...20, using: &world.random)) : nil
                    )
                    submitted += 1
                }
                world.step(server, losses: 2, toggles: 3)
                if world.isConnected, world.chance(20) {
                    world.bench.tracker.written(upTo: world.bench.tracker.writeMark, now: world.bench.time.now)
                }
                #expect(world.bench.tracker.inFlight <= 8)
            }
            world.bench.tracker.end(now: world.bench.time.now)
            world.collect()
            #expect(world.reports.count == submitted)
            #expect(world.reports.values.allSatisfy { $0.count == 1 })
            #expect(world.bench.tracker.isIdle && world.bench.tracker.inFlight == 0)
            for (number, statuses) in world.reports where statuses == [.stored] {
                #expect(world.arrived[Words.mobile(2 + number % 3)]?.contains(number) == true)
            }
        }
    }

    @Test func messagesWithRetriesAllArriveOnceTheirRecipientStays() {
        var seeds = SeededGenerator.announced()
        for _ in 0..<40 {
            var world = World(bench: TrackerBench(Words.v2, window: 8), random: SeededGenerator(seed: seeds.next()))
            for number in 0..<60 {
                world.bench.submit(
                    number,
                    to: Words.mobile(2 + number % 3),
                    timeout: .seconds(2),
                    retryFor: .seconds(7_200)
                )
            }
            for _ in 0..<500 { world.step(Words.v2, losses: 2, toggles: 3) }
            world.online = [Words.mobile(2), Words.mobile(3), Words.mobile(4)]
            if !world.isConnected { world.mend(Words.v2) }
            for _ in 0..<40_000 where !world.bench.tracker.isIdle { world.step(Words.v2, losses: 0, toggles: 0) }
            #expect(world.reports.count == 60)
            let others = world.reports.filter { $0.value != [.stored] }
            #expect(others == [:])
        }
    }

    @Test func lossesDoNotChangeTheOrderForAnyRecipient() {
        var seeds = SeededGenerator.announced()
        for _ in 0..<40 {
            var world = World(bench: TrackerBench(Words.v2, window: 8), random: SeededGenerator(seed: seeds.next()))
            world.online = [Words.mobile(2), Words.mobile(3), Words.mobile(4)]
            world.busy = 0
            for number in 0..<60 {
                // A time limit so long that only losses make messages go again.
                world.bench.submit(number, to: Words.mobile(2 + number % 3), timeout: .seconds(7_200))
            }
            for _ in 0..<4_000 { world.step(Words.v2, losses: 3, toggles: 0) }
            #expect(world.arrived.count == 3)
            for numbers in world.arrived.values { #expect(numbers == numbers.sorted()) }
        }
    }
}
