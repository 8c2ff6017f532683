internal import Glibc
internal import SCACore
internal import SCATesting

@testable internal import SCAClient

/// One simulated world: a server, its clients with their disks, the lines between them, and a seed that decides about
/// everything else. The same seed gives the same world, if the process hashes deterministically
/// (`SWIFT_DETERMINISTIC_HASHING`), since machines walk over sets.
final class World {
    /// What a client is, and wants of its session.
    struct Request {
        let mobile: Mobile
        let disk: Disk
        var isBase = false
        var isVisible = true
        var wantsAllPresence = true
    }

    let agenda = Agenda()
    let ledger = Ledger()
    let mutation: Mutation?
    let mobiles: [Mobile]
    private(set) var disks: [Disk] = []
    private(set) var requests: [Request] = []
    var clients: [Client] = []
    var server: Server?
    private(set) var lines: [Line] = []
    /// Milliseconds that the wall clock has jumped.
    var clockJump: Int64 = 0
    private var generator: SeededGenerator
    private let origin = ContinuousClock.now
    private let folder: String
    private let write: ((String) -> Void)?
    private var serverCount = 0
    private let loops: Int
    /// Everybody has much to say at once, so that outboxes fill.
    let isFlood: Bool
    /// Whether nothing goes wrong any more.
    var isMended = false
    private var idCount = 0

    /// - Parameter write: takes the lines of the trace; nil for none.
    init(seed: UInt64, _ mutation: Mutation?, folder: String, write: ((String) -> Void)?) {
        var generator = SeededGenerator(seed: seed)
        self.mutation = mutation
        self.folder = folder
        self.write = write
        loops = Int.random(in: 1...2, using: &generator)
        isFlood = Int.random(in: 0..<5, using: &generator) == 0
        let count = Int.random(in: 2...4, using: &generator)
        mobiles = (1...count).compactMap { Mobile(String(9_000_000_000 + $0)) }
        self.generator = generator
        mkdir(folder, 0o700)
        for mobile in mobiles { populate(mobile) }
    }

    /// Takes the disks away, for the next world.
    func end() {
        clients = []
        for disk in disks { unlink(disk.path) }
        removeTorn()
        rmdir(folder)
    }

    /// A mobile has one device or two, a device one process or two.
    private func populate(_ mobile: Mobile) {
        for _ in 0..<(chance(25) ? 2 : 1) {
            let disk = Disk(mobile, path: "\(folder)/d\(disks.count).jsonl", self)
            disks.append(disk)
            for _ in 0..<(chance(25) ? 2 : 1) {
                var request = Request(mobile: mobile, disk: disk)
                request.isBase = chance(25)
                request.isVisible = request.isBase || chance(85)
                request.wantsAllPresence = request.isBase || chance(70)
                requests.append(request)
            }
        }
    }

    private func removeTorn() {
        guard let listing = opendir(folder) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.contains(".torn-") { unlink("\(folder)/\(name)") }
        }
    }

    // MARK: Chance and time

    func random(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &generator) }

    func chance(_ percent: Int64) -> Bool { random(0...99) < percent }

    func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &generator) }

    /// How long a segment travels: mostly quick, at times very slow.
    /// Once all is mended, a ping and its pong come within any client's patience.
    func latency() -> Int64 {
        chance(95) ? random(50_000...40_000_000) : random(0...(isMended ? Agenda.second / 2 : 2 * Agenda.second))
    }

    func freshID() -> MessageID {
        idCount += 1
        return MessageID("i\(idCount)") ?? MessageID(unixMilliseconds: 0, using: &generator)
    }

    var unixMilliseconds: Int64 { 1_795_363_670_974 + agenda.now / 1_000_000 + clockJump }

    var moment: Moment {
        Moment(instant: origin + .nanoseconds(agenda.now), unixMilliseconds: unixMilliseconds)
    }

    /// When this is in virtual time, rounded up.
    func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - origin).components
        return seconds * Agenda.second + (attoseconds + 999_999_999) / 1_000_000_000
    }

    func trace(_ sentence: @autoclosure () -> String) {
        guard let write else { return }
        let milliseconds = (agenda.now - 1_000 * Agenda.second) / 1_000_000
        write("\(String(repeating: " ", count: max(0, 6 - String(milliseconds).count)))\(milliseconds) \(sentence())")
    }

    // MARK: Processes

    func startServer() {
        serverCount += 1
        server = Server(serverCount, loops: loops, self)
        trace("server \(serverCount) starts with \(loops) loops")
    }

    func start(_ index: Int) {
        let client = Client(requests[index], name: "client \(index)", self)
        if index < clients.count { clients[index] = client } else { clients.append(client) }
        trace("\(client.name) starts: \(client.request.mobile)\(client.request.isBase ? ", base" : "")")
        client.connect()
    }

    /// A client dials: the answer comes later, or never.
    func dial(_ request: Request, for client: Client) -> Line {
        let line = Line(lines.count + 1, self)
        lines.append(line)
        agenda.after(latency()) { [unowned self, weak client] in
            guard let server else {
                client?.dialed(line, ClientError(.unreachable, "no server"))
                return
            }
            let back = agenda.now + latency()
            line.delay(.client, until: back)
            agenda.at(back) { client?.dialed(line, nil) }
            if let refusal = server.accept(line, request) {
                line.cut()
                client?.dialed(line, ClientError(.rateLimited, refusal.message))
            }
        }
        return line
    }
}
