/// One TCP connection, as bad as they are: bytes of one direction keep their order and come late and in pieces, a receiver that does
/// not read makes its sender wait, and the line may be cut, or swallow everything one way or both without a word.
final class Line {
    enum End: Int {
        case client, server

        var other: End { self == .client ? .server : .client }
    }

    /// Whoever holds an end.
    struct Owner {
        /// Bytes have come.
        var read: ([UInt8]) -> Void
        /// Nothing more will come: the other end has shut its output, or the line was cut.
        var ended: () -> Void
    }

    /// What goes towards one end.
    private struct Flow {
        var owner: Owner?
        /// Writes that the kernel has not taken, and whom to tell once it has.
        var waiting: [(bytes: [UInt8], taken: () -> Void)] = []
        /// Bytes that the kernels hold.
        var held = 0
        var unread: [UInt8] = []
        var isReading = true
        var lastArrival: Int64 = 0
        var isSwallowed = false
        var hasEnded = false
    }

    /// What the kernels hold of one direction, in bytes, before they take no more.
    static let capacity = 2_048

    let number: Int
    private unowned let world: World
    private var flows = [Flow(), Flow()]
    private(set) var isCut = false

    init(_ number: Int, _ world: World) {
        self.number = number
        self.world = world
    }

    func attach(_ end: End, _ owner: Owner) { flows[end.rawValue].owner = owner }

    /// The owner of this end wants to hear no more.
    func detach(_ end: End) { flows[end.rawValue].owner = nil }

    /// Nothing arrives at this end before that time.
    func delay(_ end: End, until time: Int64) {
        flows[end.rawValue].lastArrival = max(flows[end.rawValue].lastArrival, time)
    }

    /// Writes at one end; `taken` is called once the kernel has the bytes, at once or later.
    func write(_ end: End, _ bytes: [UInt8], taken: @escaping () -> Void = {}) {
        flows[end.other.rawValue].waiting.append((bytes, taken))
        pump(end.other)
    }

    func setReading(_ end: End, _ isReading: Bool) {
        flows[end.rawValue].isReading = isReading
        if isReading { world.agenda.after(0) { self.deliver(end) } }
    }

    /// Shuts the output of one end, behind what was written.
    func finish(_ end: End) {
        let to = end.other
        world.agenda.at(flows[to.rawValue].lastArrival) {
            guard !self.isCut, !self.flows[to.rawValue].isSwallowed else { return }
            self.flows[to.rawValue].hasEnded = true
            self.deliver(to)
        }
    }

    /// Everything on the way is lost; each end hears of it in its own time.
    func cut() {
        guard !isCut else { return }
        isCut = true
        for end in [End.client, .server] {
            world.agenda.after(world.random(0...Agenda.second)) { self.flows[end.rawValue].owner?.ended() }
        }
    }

    /// From now on what goes towards this end vanishes, and nobody is told.
    func swallow(towards end: End) { flows[end.rawValue].isSwallowed = true }

    private func pump(_ to: End) {
        let index = to.rawValue
        while flows[index].held < Self.capacity, !flows[index].waiting.isEmpty {
            let write = flows[index].waiting.removeFirst()
            flows[index].held += write.bytes.count
            carry(write.bytes, to)
            write.taken()
        }
    }

    private func carry(_ bytes: [UInt8], _ to: End) {
        var start = 0
        while start < bytes.count {
            let length = world.chance(30) ? Int(world.random(1...Int64(bytes.count - start))) : bytes.count - start
            let piece = Array(bytes[start..<start + length])
            start += length
            let arrival = max(flows[to.rawValue].lastArrival, world.agenda.now + world.latency())
            flows[to.rawValue].lastArrival = arrival
            world.agenda.at(arrival) { self.arrive(piece, to) }
        }
    }

    private func arrive(_ piece: [UInt8], _ to: End) {
        guard !isCut, !flows[to.rawValue].isSwallowed else { return }
        flows[to.rawValue].unread += piece
        deliver(to)
    }

    private func deliver(_ to: End) {
        let index = to.rawValue
        guard !isCut, flows[index].isReading else { return }
        let bytes = flows[index].unread
        if !bytes.isEmpty {
            flows[index].unread = []
            flows[index].held -= bytes.count
            pump(to)
            flows[index].owner?.read(bytes)
        }
        // Reading may have stopped, or the owner gone, while it read.
        guard flows[index].hasEnded, flows[index].isReading, flows[index].unread.isEmpty else { return }
        flows[index].hasEnded = false
        flows[index].owner?.ended()
    }
}
