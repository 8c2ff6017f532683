import Glibc
import Synchronization

@testable import scactl

/// A terminal that is a pipe, and a line editor that takes whole lines from it; what it was asked to do is written down.
final class ScriptedTerminal: Sendable {
    let output = CollectingSink()
    let prompt: Prompt
    let keyboard: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        keyboard = ends[1]
        let log = Log()
        self.log = log
        prompt = Prompt(
            on: TerminalExecutor(descriptor: ends[0]),
            editor: ScriptedEditor(descriptor: ends[0], log: log),
            output: output
        )
    }

    private let log: Log

    /// What the editor was asked to do, in order.
    var said: [String] { log.lines.withLock { $0 } }

    /// Waits until a line is asked for; false if that does not happen within the time limit of the suite.
    func isAsking() async -> Bool {
        while said.isEmpty, !Task.isCancelled { await Task.yield() }
        return !said.isEmpty
    }

    /// Types a line.
    func type(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(keyboard, bytes, bytes.count)
    }

    /// Types the beginning of a line.
    func begin(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(keyboard, bytes, bytes.count)
    }

    /// The terminal is gone.
    func hangUp() { close(keyboard) }

    final class Log: Sendable {
        let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }
}

/// Not readline: a line is what comes before a newline.
private final class ScriptedEditor: LineEditor {
    private let descriptor: Int32
    private let log: ScriptedTerminal.Log
    private var line: [UInt8] = []
    private var isEditing = false

    init(descriptor: Int32, log: ScriptedTerminal.Log) {
        self.descriptor = descriptor
        self.log = log
    }

    func begin(_ prompt: String, completion: Completion) {
        isEditing = true
        log.add("begin \(prompt)")
    }

    func complete(with completion: Completion) { log.add("complete \(completion.mobiles.count)") }

    func takeInput() -> LineEditorEvent? {
        var byte: UInt8 = 0
        guard read(descriptor, &byte, 1) == 1 else { return .end }
        guard byte == 0x0A else {
            line.append(byte)
            return nil
        }
        isEditing = false
        defer { line = [] }
        return .line(String(decoding: line, as: UTF8.self))
    }

    func hide() { if isEditing { log.add("hide \(String(decoding: line, as: UTF8.self))") } }
    func show() { if isEditing { log.add("show \(String(decoding: line, as: UTF8.self))") } }

    func interrupt() -> Bool {
        defer { line = [] }
        log.add("interrupt")
        return !line.isEmpty
    }

    func resize() { log.add("resize") }
    func suspend() { log.add("suspend") }
    func resume() { log.add("resume") }

    func finish() {
        isEditing = false
        log.add("finish")
    }

    func remember(_ line: String) { log.add("remember \(line)") }
}
