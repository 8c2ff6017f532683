import NIOCore
import SCACore
import SCATesting
import Testing

@testable import SCAServerd

/// Hubs without threads, sockets or clocks: letters are carried by hand, time is a number, and a session
/// is a list of frames that it was sent.
final class VirtualServer {
    let directory = Directory()
    private(set) var hubs: [Hub] = []
    var now: HubTime
    /// What each session was sent and has not been asked for yet.
    private(set) var received: [SessionID: [ServerFrame]] = [:]
    private(set) var raw: [SessionID: [EncodedFrame]] = [:]
    private(set) var closed: [SessionID: CloseReason] = [:]
    private(set) var paused: Set<SessionID> = []
    private(set) var drainedLoops = 0
    /// Loops that read no mail.
    var deaf: Set<LoopID> = []
    /// Sessions whose kernel takes nothing.
    var stalled: Set<SessionID> = []
    private var stuck: [SessionID: (bytes: Int, presence: EncodedFrame?)] = [:]
    private var letters: [(letter: Hub.Letter, loop: LoopID)] = []
    private var nextNumber: UInt64 = 0
    /// Chooses which letter arrives next, among those of different loops.
    var shuffle: SeededGenerator?

    init(loops: Int = 1, _ configuration: HubConfiguration = HubConfiguration(), startSeconds: Int64 = 1_000) {
        now = HubTime(nanoseconds: startSeconds * 1_000_000_000, unixMilliseconds: 1_795_363_670_974)
        hubs = (0..<loops).map {
            Hub(loop: $0, of: loops, configuration: configuration, directory: directory, now: now)
        }
    }

    @discardableResult
    func connect(_ mobile: Mobile, loop: LoopID = 0, _ change: (inout SessionTerms) -> Void = { _ in }) -> SessionID {
        nextNumber += 1
        let id = SessionID(loop: loop, number: nextNumber)
        var terms = SessionTerms(mobile: mobile)
        change(&terms)
        take(.connected(id, terms), loop: loop)
        return id
    }

    /// A visible `sca.v2` session that sends receipts and hears of everyone.
    @discardableResult
    func connectV2(
        _ mobile: Mobile,
        loop: LoopID = 0,
        _ change: (inout SessionTerms) -> Void = { _ in }
    ) -> SessionID {
        connect(mobile, loop: loop) {
            $0.dialect = .v2
            $0.sendsReceipts = true
            change(&$0)
        }
    }

    func send(_ frame: ClientFrame, from id: SessionID) {
        take(.frame(id, frame, bytes: FrameEncoder.encode(frame).count), loop: id.loop)
    }

    func disconnect(_ id: SessionID) {
        take(.disconnected(id), loop: id.loop)
    }

    func take(_ input: Hub.Input, loop: LoopID) {
        perform(hubs[loop].handle(input, now: now))
        settle()
    }

    /// Lets time pass, stopping at every deadline on the way.
    func pass(_ duration: Duration) {
        let end = now.nanoseconds + duration.wholeNanoseconds
        while let deadline = hubs.compactMap(\.nextDeadline).min(), deadline <= end {
            move(to: max(deadline, now.nanoseconds))
            settle()
        }
        move(to: end)
        settle()
    }

    /// Lets the kernel take all that a stalled session was sent.
    func unstall(_ id: SessionID) {
        stalled.remove(id)
        let waiting = stuck.removeValue(forKey: id) ?? (0, nil)
        if let presence = waiting.presence { record(presence, id) }
        take(.flushed(id, bytes: waiting.bytes, presence: waiting.presence != nil), loop: id.loop)
    }

    /// What the session was sent since it was last asked.
    func frames(_ id: SessionID) -> [ServerFrame] {
        raw[id] = nil
        return received.removeValue(forKey: id) ?? []
    }

    /// Forgets what everyone was sent so far.
    func forgetFrames() {
        received = [:]
        raw = [:]
    }

    private func move(to nanoseconds: Int64) {
        now.unixMilliseconds += (nanoseconds - now.nanoseconds) / 1_000_000
        now.nanoseconds = nanoseconds
    }

    private func settle() {
        repeat {
            for loop in hubs.indices { perform(hubs[loop].advance(now: now)) }
            while let next = nextLetter() {
                perform(hubs[next.loop].handle(.letter(next.letter), now: now))
            }
        } while hubs.compactMap(\.nextDeadline).min().map { $0 <= now.nanoseconds } ?? false
    }

    /// Letters between two loops keep their order; the seed decides between loops.
    private func nextLetter() -> (letter: Hub.Letter, loop: LoopID)? {
        let loops = Set(letters.map(\.loop)).subtracting(deaf).sorted()
        guard var chosen = letters.first(where: { !deaf.contains($0.loop) })?.loop else { return nil }
        if var generator = shuffle {
            chosen = loops.randomElement(using: &generator) ?? chosen
            shuffle = generator
        }
        let index = letters.firstIndex { $0.loop == chosen } ?? 0
        return letters.remove(at: index)
    }

    private func perform(_ actions: [Hub.Action]) {
        for action in actions {
            switch action {
            case .send(let id, let frame):
                record(frame, id)
                if stalled.contains(id) {
                    stuck[id, default: (0, nil)].bytes += frame.count
                } else {
                    perform(hubs[id.loop].handle(.flushed(id, bytes: frame.count, presence: false), now: now))
                }
            case .sendPresence(let id, let frame):
                if stalled.contains(id) {
                    stuck[id, default: (0, nil)].presence = frame
                } else {
                    record(frame, id)
                    perform(hubs[id.loop].handle(.flushed(id, bytes: 0, presence: true), now: now))
                }
            case .close(let id, let reason): closed[id] = reason
            case .pauseReading(let id): paused.insert(id)
            case .resumeReading(let id): paused.remove(id)
            case .post(let letter, let loop): letters.append((letter, loop))
            case .drained: drainedLoops += 1
            }
        }
    }

    private func record(_ frame: EncodedFrame, _ id: SessionID) {
        raw[id, default: []].append(frame)
        if let decoded = frame.decoded { received[id, default: []].append(decoded) }
    }
}

extension EncodedFrame {
    /// The JSON in it; nil for a control frame.
    var decoded: ServerFrame? {
        var bytes = bytes
        var parser = FrameParser(role: .client, maximumMessage: 1 << 24)
        var frame: ServerFrame?
        _ = bytes.withUnsafeMutableReadableBytes { pointer in
            try? parser.consume(pointer) { kind, payload in
                if kind == .text { frame = try? FrameDecoder().serverFrame(payload) }
                return .proceed
            }
        }
        return frame
    }
}

/// Mobiles for tests: 9000000000 and a number.
func mobile(_ number: Int) throws -> Mobile {
    try #require(Mobile(String(9_000_000_000 + number)))
}

/// Ids for tests.
func id(_ text: String) throws -> MessageID {
    try #require(MessageID(text))
}

/// Only the messages, as (from, text).
func texts(_ frames: [ServerFrame]) -> [String] {
    frames.compactMap { if case .message(let message) = $0 { message.text.string } else { nil } }
}
