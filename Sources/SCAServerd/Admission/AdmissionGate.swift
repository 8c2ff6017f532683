internal import CMalloc
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import SCACore
internal import Synchronization

/// One server's `Admission` and its log of refusals, shared by all event loops; the one place where they meet before a
/// session is open.
///
/// Under one lock, taken twice in a connection's life and never while anything else is done: some 5,000 times a second at the
/// most, so loops do not wait for each other. Whether memory is short is found out once a second (`tick`) and is one flag to read.
/// While it is, every ten seconds, and when a crowd has gone, what is free is given back to the system: malloc keeps it otherwise,
/// and nobody would ever be let in again after a rush that is long over.
final class AdmissionGate: Sendable {
    private struct State {
        var admission: Admission
        var tally = RefusalTally()
        var departures = Departures()
        var trimDue = Int64.min
        var accepted = 0
        var refused: [Refusal.Reason: Int] = [:]
    }

    private let limits: AdmissionLimits
    private let log: ServerLog
    private let state: Mutex<State>
    private let memory: MemoryFiles
    /// In bytes; nil for none.
    private let memoryLimit: Int?
    private let connectionLimit: Int
    private static let trimInterval: Int64 = 10_000_000_000
    private let isShortOfMemory = Atomic(false)

    init(_ limits: AdmissionLimits, memory: MemoryFiles = MemoryFiles(), files: FileBudget = .now(), log: ServerLog) {
        self.limits = limits
        self.log = log
        self.memory = memory
        memoryLimit = limits.memory.bytes(of: memory.available)
        let rules = limits.rules(files)
        connectionLimit = rules.connections
        state = Mutex(State(admission: Admission(rules)))
    }

    /// Judges a connection by its peer; `depart` must follow unless it is dropped. A trusted proxy brings many, who are judged
    /// by `identify`.
    func arrive(_ peer: ClientAddress, now: Int64) -> Admission.Verdict {
        let verdict = state.withLock { state in
            let verdict = state.admission.arrive(peer.isProxy ? nil : key(peer), now: now)
            if case .admit = verdict { state.accepted += 1 }
            return verdict
        }
        switch verdict {
        case .admit: break
        case .refuse(let refusal), .drop(let refusal): note(refusal, now: now)
        }
        return verdict
    }

    func depart(_ peer: ClientAddress, _ verdict: Admission.Verdict) {
        state.withLock { $0.admission.depart(peer.isProxy ? nil : key(peer), verdict) }
    }

    /// Judges a client behind a proxy; `forget` must follow if it is let in.
    ///
    /// - Returns: why not; nil if it is let in.
    func identify(_ client: ClientAddress, now: Int64) -> Refusal? {
        guard let key = key(client) else { return nil }
        return state.withLock { $0.admission.identify(key, now: now) }
    }

    func forget(_ client: ClientAddress) {
        guard let key = key(client) else { return }
        state.withLock { $0.admission.forget(key) }
    }

    /// Why no session may be opened now, whoever asks; nil if one may.
    func refusalOfSession() -> Refusal? {
        guard isShortOfMemory.load(ordering: .relaxed) else { return nil }
        return Refusal(.memory, retryAfter: 10, "the server is short of memory; try again later")
    }

    /// Counts a refusal, for the log and for metrics.
    func note(_ refusal: Refusal, now: Int64) {
        let line = state.withLock { state in
            state.refused[refusal.reason, default: 0] += 1
            return state.tally.add(refusal.reason, now: now)
        }
        write(line.map { [$0] } ?? [])
    }

    /// What has been counted so far.
    var readings: GateReadings {
        let isShort = isShortOfMemory.load(ordering: .relaxed)
        return state.withLock { state in
            GateReadings(
                open: state.admission.admitted,
                accepted: state.accepted,
                refused: state.refused,
                limit: connectionLimit,
                memoryLimit: memoryLimit ?? 0,
                isShortOfMemory: isShort
            )
        }
    }

    /// Looks at the memory and at the log's intervals; to be called once a second, by one thread.
    func tick(now: Int64) {
        write(state.withLock { $0.tally.due(now: now) })
        let isShort = memoryLimit.map { (memory.resident ?? 0) >= $0 } ?? false
        isShortOfMemory.store(isShort, ordering: .relaxed)
        guard isTrimDue(now, isShort) else { return }
        // It takes its time, and no loop should wait for all of it.
        NIOThreadPool.singleton.submit { _ in _ = malloc_trim(0) }
    }

    /// Logs what has been counted and not been told, at the end.
    func finish() {
        write(state.withLock { $0.tally.due(now: .max) })
    }

    private func isTrimDue(_ now: Int64, _ isShort: Bool) -> Bool {
        state.withLock { state in
            let hasCrowdGone = state.departures.hasCrowdGone(state.admission.admitted)
            guard hasCrowdGone || isShort && now >= state.trimDue else { return false }
            state.trimDue = now + Self.trimInterval
            return true
        }
    }

    /// Whose limits an address counts against; nil for none.
    private func key(_ client: ClientAddress) -> AddressBlock? {
        client.ip.isLoopback && !limits.countsLoopback ? nil : client.limitKey
    }

    private func write(_ lines: [RefusalTally.Line]) {
        for line in lines {
            log.logger.warning(
                "refused new connections",
                metadata: [LogKey.reason: "\(line.reason.rawValue)", LogKey.count: "\(line.count)"]
            )
        }
    }
}

/// How many files a process may have open, and has.
struct FileBudget: Sendable {
    /// The soft limit; `Int.max` for none.
    var limit: Int
    var open: Int

    /// Of this process.
    static func now() -> FileBudget {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return FileBudget(limit: .max, open: 0)
        }
        return FileBudget(limit: Int(clamping: limit.rlim_cur), open: openFiles())
    }

    private static func openFiles() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder itself.
        return max(0, count - 3)
    }
}

extension AdmissionLimits {
    /// The rules that they come to, with so many files.
    func rules(_ files: FileBudget) -> Admission.Rules {
        var rules = Admission.Rules()
        rules.connectionsPerAddress = connectionsPerAddress
        rules.connectRate = ArrivalRate.Rule(perSecond: connectRate)
        rules.connectRatePerAddress = ArrivalRate.Rule(perSecond: connectRatePerAddress)
        rules.connections = connections
        guard files.limit < .max else { return rules }
        let reserve = min(fileReserve, files.limit / 4)
        // Half for those who are told no, the rest for all that is not a connection.
        rules.refusalsAtOnce = reserve / 2
        let most = max(1, files.limit - files.open - reserve)
        if connections == 0 || most < connections {
            rules.connections = most
            rules.isBoundByFiles = true
        }
        return rules
    }
}
