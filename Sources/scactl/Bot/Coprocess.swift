internal import Glibc
internal import SCACore
internal import Synchronization

/// The program of `bot`: one run after the other, on a thread of its own, which waits for it.
///
/// Anybody may put rows in at any time, also while no program runs; they wait in the queue. What it asks comes out of `next`;
/// while nobody calls that, nothing moves, so a program that asks faster than it can be served is held up by its own pipe.
actor Coprocess {
    enum Event: Sendable {
        /// It wrote these lines on its stdout.
        case asked([RecordSplitter.Record])
        /// It closed its stdout a while ago, and has not ended.
        case muted
        /// It has ended, and so has everything it started.
        case ended(ChildExit)
    }

    /// From the end of its stdin to TERM, and again to KILL.
    static let grace = Duration.milliseconds(300)

    /// How long one may go on after it closed its stdout, as each does that ends, until that is worth a remark.
    static let farewell = Duration.seconds(1)

    /// Bytes: what a pipe holds at most.
    private static let longestLastWords = 1 << 20

    private struct Inbox {
        var queue: RowQueue
        /// The number of the run that answers are for.
        var run = 0
    }

    private let executor = ThreadExecutor()
    private let wake = WakePipe()
    private let inbox: Mutex<Inbox>
    private let isStopped = Atomic(false)
    private var child: ChildProcess?
    private var exit: ChildExit?
    /// How much was read since the exit.
    private var lastBytes = 0
    /// What is being written, and how much of it is left.
    private var entry: RowQueue.Entry?
    private var rest: ArraySlice<UInt8> = []
    private var splitter = Coprocess.newSplitter()
    private var errors = LineCutter()
    private var deadline: ContinuousClock.Instant?
    private var isTold = false
    /// When to remark that its stdout is closed; nil as long as it is open.
    private var muting: ContinuousClock.Instant?
    private var isMuted = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(laggingLine: @escaping @Sendable (Int) -> [UInt8]) {
        inbox = Mutex(Inbox(queue: RowQueue(laggingLine: laggingLine)))
    }

    /// Puts in a message. May be called from anywhere.
    ///
    /// - Returns: false if it is the first that was left out since there was room.
    nonisolated func put(message line: [UInt8]) -> Bool {
        defer { wake.wake() }
        return inbox.withLock { $0.queue.append(RowQueue.Entry(line: line)) }
    }

    /// Puts in answers to what a run of the program asked, unless that run is over. May be called from anywhere.
    ///
    /// - Returns: false if one of them is the first that was left out since there was room.
    nonisolated func put(answers lines: [[UInt8]], of run: Int) -> Bool {
        defer { wake.wake() }
        return inbox.withLock { inbox in
            guard inbox.run == run else { return true }
            var hasRoom = true
            for line in lines { hasRoom = inbox.queue.append(RowQueue.Entry(line: line, isAnswer: true)) && hasRoom }
            return hasRoom
        }
    }

    /// Ends the program: end of its stdin, then TERM, then KILL. May be called from anywhere.
    nonisolated func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }

    /// Starts a run.
    ///
    /// - Returns: its number.
    /// - Throws: `CommandFailure` if the system will not.
    func start(_ command: ProgramCommand) throws(CommandFailure) -> Int {
        child = try ChildProcess(command, variables: command.variables())
        (splitter, errors, deadline, isTold, exit) = (Self.newSplitter(), LineCutter(), nil, false, nil)
        (muting, isMuted, lastBytes) = (nil, false, 0)
        // A message that the run before it did not get whole is for this one.
        if entry?.isAnswer ?? true { entry = nil }
        rest = entry?.line[...] ?? []
        return inbox.withLock { inbox in
            inbox.queue.removeAnswers()
            inbox.run += 1
            return inbox.run
        }
    }

    /// What the program does next; waits for it.
    ///
    /// - Parameter passOn: gets each line of its stderr; may block.
    /// - Returns: nil if none runs.
    func next(passOn: @Sendable (String) -> Void) -> Event? {
        guard let child else { return nil }
        while exit == nil {
            let isStopping = isStopped.load(ordering: .acquiring)
            if isStopping, deadline == nil {
                child.closeInput()
                deadline = .now + Self.grace
            }
            write(to: child)
            let interest: ChildProcess.Interest = rest.isEmpty ? [.output, .errors] : [.input, .output, .errors]
            if !child.hasOutput, muting == nil { muting = .now + Self.farewell }
            let next = [deadline, isMuted ? nil : muting].compactMap(\.self).min()
            let ready = child.wait(for: interest, wake: wake.reading, timeout: next.map { $0 - .now })
            if ready.contains(.wake) { wake.drain() }
            if ready.contains(.errors) { for line in errors.append(child.readErrors()) { passOn(line) } }
            if ready.contains(.exit) {
                exit = child.bury()
            } else if ready.contains(.output) {
                let records = splitter.append(child.readOutput())
                // What it still writes when it was told to end is not sent: the connection is being closed as well.
                if !records.isEmpty, !isStopping { return .asked(records) }
            }
            if exit == nil, let instant = deadline, instant <= .now { press(child) }
            if exit == nil, !isStopping, !isMuted, let instant = muting, instant <= .now {
                isMuted = true
                return .muted
            }
        }
        return lastWords(child, passOn)
    }

    /// Writes until the pipe is full or there is nothing more; so whatever is left, room in the pipe is waited for.
    private func write(to child: ChildProcess) {
        while true {
            if rest.isEmpty {
                entry = inbox.withLock { $0.queue.popFirst() }
                guard let entry else { return }
                rest = entry.line[...]
            }
            child.write(&rest)
            if !rest.isEmpty { return }
        }
    }

    private func press(_ child: ChildProcess) {
        child.signalGroup(isTold ? SIGKILL : SIGTERM)
        deadline = .now + Self.grace
        isTold = true
    }

    /// What it wrote before it ended, block by block, then its end. No more than a pipe holds: a process that it left behind
    /// may go on writing.
    private func lastWords(_ child: ChildProcess, _ passOn: @Sendable (String) -> Void) -> Event? {
        let block = lastBytes < Self.longestLastWords ? child.readOutput() : []
        lastBytes += block.count
        var records = splitter.append(block)
        if block.isEmpty, let last = splitter.finish() { records.append(last) }
        if !records.isEmpty, !isStopped.load(ordering: .acquiring) { return .asked(records) }
        if !block.isEmpty { return lastWords(child, passOn) }
        for line in errors.append(child.readErrors()) { passOn(line) }
        if let last = errors.finish() { passOn(last) }
        self.child = nil
        return exit.map(Event.ended)
    }

    private static func newSplitter() -> RecordSplitter {
        RecordSplitter(separator: UInt8(ascii: "\n"), limit: MessageRecord.longest)
    }
}
