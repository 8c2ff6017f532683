internal import SCACore

@testable internal import SCAClient

/// What happens in a world: twenty seconds of talk and misfortune, then everything is mended, all becomes quiet, everybody says
/// a last word to everybody, and the ledger is closed.
struct Scenario {
    /// What a run came to.
    struct Outcome {
        let seed: UInt64
        let violation: String?
        let steps: Int
        let submitted: Int
        let stored: Int
        let arrivals: Int
    }

    private static let talk = 20 * Agenda.second
    private static let quiet = 24 * Agenda.second
    private static let lastWords = 14 * Agenda.second

    private let world: World
    private let start: Int64
    private let seed: UInt64

    static func run(
        seed: UInt64,
        _ mutation: Mutation? = nil,
        folder: String,
        write: ((String) -> Void)? = nil
    ) -> Outcome {
        let scenario = Scenario(seed, World(seed: seed, mutation, folder: folder, write: write))
        defer { scenario.world.end() }
        return scenario.run()
    }

    private init(_ seed: UInt64, _ world: World) {
        (self.seed, self.world, start) = (seed, world, world.agenda.now)
    }

    private func run() -> Outcome {
        world.startServer()
        for index in world.requests.indices { world.start(index) }
        planTalk()
        planFaults()
        advance(to: Self.talk)
        mend()
        advance(to: Self.talk + Self.quiet)
        let words = sayLastWords()
        advance(to: Self.talk + Self.quiet + Self.lastWords)
        if world.ledger.violation == nil { check(words) }
        return Outcome(
            seed: seed,
            violation: world.ledger.violation,
            steps: world.agenda.steps,
            submitted: world.ledger.submitted,
            stored: world.ledger.storedReports,
            arrivals: world.ledger.arrivals
        )
    }

    private func advance(to time: Int64) {
        world.agenda.run(until: start + time) { world.ledger.violation != nil }
    }

    // MARK: Talk

    private func planTalk() {
        for index in world.requests.indices {
            for _ in 0..<Int(world.random(2...12)) {
                let burst = world.isFlood ? 16 : world.chance(20) ? 4 : 1
                world.agenda.after(world.random(0...Self.talk)) { [world] in
                    for _ in 0..<burst { Self.say(world, index) }
                }
            }
        }
    }

    private static func say(_ world: World, _ index: Int) {
        let client = world.clients[index]
        guard let to = world.pick(world.mobiles.filter { $0 != client.request.mobile }) else { return }
        let id = world.freshID()
        client.submit(
            Outgoing(
                to: to,
                text: "\(id) " + String(repeating: "x", count: Int(world.random(0...300))),
                id: id,
                wait: world.pick([.stored, .stored, .routed, .none]) ?? .stored,
                timeout: .milliseconds(world.random(500...5_000)),
                retryFor: world.chance(50) ? .seconds(world.random(1...15)) : nil
            )
        )
    }

    // MARK: Misfortune

    private func planFaults() {
        for _ in 0..<Int(world.random(0...8)) {
            world.agenda.after(world.random(0...Self.talk - Agenda.second)) { [world] in Self.harm(world) }
        }
    }

    private static func harm(_ world: World) {
        let index = Int(world.random(0...Int64(world.clients.count - 1)))
        let client = world.clients[index]
        let line = world.pick(Array(world.lines.suffix(world.clients.count)))
        let pause = world.random(0...6 * Agenda.second)
        switch world.random(0...11) {
        case 0, 1: line?.cut()
        case 2: line?.swallow(towards: world.chance(50) ? .client : .server)
        case 3:
            line?.swallow(towards: .client)
            line?.swallow(towards: .server)
        case 4, 5: restart(world, index, powerLost: false, after: pause)
        case 6: restart(world, index, powerLost: true, after: pause)
        case 7:
            client.stop()
            world.trace("\(client.name) is stopped")
            world.agenda.after(pause) { client.goOn() }
        case 8:
            client.request.disk.state = world.pick([.full, .failing]) ?? .full
            world.trace("\(client.name)'s disk is \(client.request.disk.state)")
            world.agenda.after(pause) { client.request.disk.state = .sound }
        case 9: world.clockJump += world.random(-3_600_000...3_600_000)
        case 10: stopServer(world, silently: world.chance(30), after: pause / 2)
        default:
            world.trace("server drains")
            world.server?.drain()
            world.agenda.after(2 * Agenda.second) { stopServer(world, silently: false, after: pause / 4) }
        }
    }

    private static func restart(_ world: World, _ index: Int, powerLost: Bool, after pause: Int64) {
        // A device that loses its power loses all its processes.
        let disk = world.clients[index].request.disk
        let dying = world.clients.indices.filter { $0 == index || powerLost && world.clients[$0].request.disk === disk }
        let writing = dying.flatMap { world.clients[$0].storing }
        for index in dying { world.clients[index].die(powerLost: powerLost) }
        if powerLost { disk.losePower(writing: writing) }
        world.agenda.after(pause) {
            for index in dying where world.clients[index].isOver { world.start(index) }
        }
    }

    private static func stopServer(_ world: World, silently: Bool, after pause: Int64) {
        guard let server = world.server else { return }
        world.trace("server dies\(silently ? " without a word" : "")")
        server.die(silently: silently)
        world.server = nil
        world.agenda.after(pause) { if world.server == nil { world.startServer() } }
    }

    /// Nothing goes wrong any more; who has died comes back, and tries until it is in.
    private func mend() {
        world.trace("all is mended")
        world.isMended = true
        if world.server == nil { world.startServer() }
        for disk in world.disks { disk.state = .sound }
        for client in world.clients { client.goOn() }
        for second in 0...14 {
            world.agenda.after(Int64(second) * Agenda.second) { [world] in
                if world.server == nil { world.startServer() }
                for index in world.clients.indices where world.clients[index].isOver { world.start(index) }
                for client in world.clients { client.goOn() }
                for disk in world.disks { disk.state = .sound }
            }
        }
    }

    // MARK: The end

    private struct LastWord {
        let sender: Client
        let id: MessageID
        let to: Mobile
        let expected: DeliveryStatus
    }

    /// Everybody writes to everybody; with the world whole, each message has one true outcome.
    private func sayLastWords() -> [LastWord] {
        var words: [LastWord] = []
        for client in world.clients {
            for to in world.mobiles where to != client.request.mobile {
                let id = world.freshID()
                let sessions = world.server?.visibleSessions(of: to) ?? (v2: 0, base: 0)
                let expected: DeliveryStatus =
                    sessions.v2 + sessions.base == 0
                    ? .offline : sessions.v2 > 0 && !client.request.isBase ? .stored : .routed
                words.append(LastWord(sender: client, id: id, to: to, expected: expected))
                client.submit(Outgoing(to: to, text: "last \(id)", id: id, timeout: .seconds(12)))
            }
        }
        return words
    }

    private func check(_ words: [LastWord]) {
        let ledger = world.ledger
        for client in world.clients where !client.isReady { ledger.fail("\(client.name) is not connected in the end") }
        world.server?.checkQuiet(clients: world.clients.count)
        let online = world.server?.onlineMobiles ?? []
        for client in world.clients { client.checkQuiet(online) }
        for word in words where word.sender.outcomes[word.id] != word.expected {
            let said = word.sender.outcomes[word.id].map { "\($0)" } ?? "nothing"
            ledger.fail("the last word \(word.id) of \(word.sender.name) is \(said), not \(word.expected)")
        }
        for disk in world.disks { disk.check() }
    }
}
