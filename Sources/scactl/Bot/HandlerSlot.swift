internal import Glibc
internal import SCACore
internal import Synchronization

/// Runs the program of `bot --each` for one message after the other, on a thread of its own, which waits while it runs.
///
/// The message's row goes to its stdin while its stdout is collected and its stderr passed on. It is over when the program
/// itself has ended, whoever else still holds its pipes; what is left of its group is then ended as well. A program that
/// takes too long or writes too much is asked to end (TERM to the group), and killed a moment later.
actor HandlerSlot {
    /// What a handler may take.
    struct Limits: Sendable {
        var timeout = Duration.seconds(60)
        /// The longest reply, in bytes.
        var textBytes: Int
    }

    /// How long a group has from TERM to KILL.
    static let grace = Duration.milliseconds(500)

    private let executor = ThreadExecutor()
    private let wake = WakePipe()
    private let isStopped = Atomic(false)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Ends the program that runs, if one does, and every later one before it starts. May be called from anywhere.
    nonisolated func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }

    /// Runs the program to its end.
    ///
    /// - Parameter passOn: gets each line of its stderr; may block.
    func run(
        _ command: ProgramCommand,
        on message: HistoryRow,
        _ limits: Limits,
        passOn: @Sendable (String) -> Void
    ) -> HandlerOutcome {
        if isStopped.load(ordering: .acquiring) { return .stopped }
        let child: ChildProcess
        do throws(CommandFailure) {
            child = try ChildProcess(command, variables: command.variables(for: message))
        } catch {
            return .notStarted(error)
        }
        var row: [UInt8] = []
        message.appendLine(to: &row)
        var input = row[...]
        var output: [UInt8] = []
        var errors = LineCutter()
        var cause: HandlerOutcome.Cause?
        var deadline: ContinuousClock.Instant? = .now + limits.timeout

        func end(because reason: HandlerOutcome.Cause) {
            cause = reason
            child.closeInput()
            child.signalGroup(SIGTERM)
            deadline = .now + Self.grace
        }
        func collect() {
            let bytes = child.readOutput()
            guard cause == nil else { return }
            output += bytes
            // One more for the final newline.
            if output.count > limits.textBytes + 1 { end(because: .tooMuch) }
        }

        while true {
            let interest: ChildProcess.Interest = input.isEmpty ? [.output, .errors] : [.input, .output, .errors]
            let ready = child.wait(for: interest, wake: wake.reading, timeout: deadline.map { $0 - .now })
            if ready.contains(.input) { child.write(&input) }
            if input.isEmpty { child.closeInput() }
            if ready.contains(.output) { collect() }
            if ready.contains(.errors) { for line in errors.append(child.readErrors()) { passOn(line) } }
            if ready.contains(.exit) { break }
            if ready.contains(.wake) {
                wake.drain()
                if cause == nil { end(because: .stop) }
            }
            guard let instant = deadline, instant <= .now else { continue }
            if cause == nil {
                end(because: .timeout)
            } else {
                child.signalGroup(SIGKILL)
                deadline = nil
            }
        }
        let exit = child.bury()
        // What it wrote just before its end.
        while cause == nil, output.count <= limits.textBytes + 1 {
            let bytes = child.readOutput()
            if bytes.isEmpty { break }
            output += bytes
        }
        for line in errors.append(child.readErrors()) { passOn(line) }
        if let last = errors.finish() { passOn(last) }
        return HandlerOutcome(exit, output: output, cause: cause, limits)
    }
}
