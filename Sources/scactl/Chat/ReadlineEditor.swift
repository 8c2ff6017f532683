internal import CReadline
internal import Glibc

/// GNU readline as a line editor, through its callback interface; the only file that knows readline.
///
/// readline is one set of global variables, so there is one of these in a process, and all its calls come from one thread: the
/// prompt's. Keys are handed to it one by one when the terminal has them (`takeInput`), so it never waits for anybody. A
/// finished line is kept by `finishLine`, with editing switched off until the next `begin`: what is said about the line
/// is then simply printed.
///
/// To print while a line is half typed, the line is cleared off the screen, over all the rows that it takes, and drawn anew
/// below what was printed (`rl_clear_visible_line`, `rl_on_new_line`, `rl_redisplay`). A terminal that is dumb, or a
/// person who hears instead of sees (`--plain`), gets a line break instead of the clearing.
///
/// Rejected: a line editor of our own or linenoise (no `.inputrc`, no vi mode, no search in the history), `readline()` itself
/// (it blocks).
final class ReadlineEditor: LineEditor {
    /// The version of the library that is linked, such as `8.2`.
    static var libraryVersion: String { creadline_version().map { String(cString: $0) } ?? "?" }

    /// What the callbacks, which are C functions without a context, leave for the editor.
    private struct Shared {
        var completion = Completion()
        var event: LineEditorEvent?
        /// What has come of a paste so far; nil outside of one.
        var paste: [UInt8]?
        /// The key that was read for readline and not taken by it yet.
        var key: UInt8?
    }

    /// Proof: readline calls its callbacks from within calls of ours. `init` makes them before there is a prompt; from then on they
    /// all come from the prompt's thread.
    nonisolated(unsafe) private static var shared = Shared()

    private let isPlain: Bool
    private let isDumb: Bool
    private let isBold: Bool
    private let history: InputHistory?
    private var isEditing = false
    /// Ctrl-C, while it is a key among the others: while a line is edited.
    private var interruptKey: UInt8?

    /// - Parameters:
    ///   - history: where the input history is kept; nil for nowhere.
    ///   - isPlain: never redraw anything but the line itself.
    ///   - isDumb: the terminal obeys no escape sequences.
    ///   - isColored: it shows weights and colours, and the person wants them.
    init(history: InputHistory?, isPlain: Bool, isDumb: Bool, isColored: Bool) {
        self.isPlain = isPlain || isDumb
        self.isDumb = isDumb
        isBold = isColored && !isDumb
        self.history = history
        setlocale(LC_ALL, "")
        if creadline_is_utf8() == 0 {
            // Messages are UTF-8 whatever the locale says. readline asks the environment again, so it is told there.
            setenv("LC_ALL", "C.UTF-8", 1)
            setlocale(LC_ALL, "")
        }
        creadline_prepare { _, start, _ in ReadlineEditor.matches(from: start) }
        if isDumb { rl_variable_bind("enable-bracketed-paste", "off") }
        // What is pasted or searched would be shown in reverse.
        if !isBold { rl_variable_bind("enable-active-region", "off") }
        using_history()
        stifle_history(Int32(InputHistory.limit))
        for line in history?.load() ?? [] { add_history(line) }
        creadline_bind_paste { _, _ in ReadlineEditor.beginPaste() }
        creadline_read_keys { _ in ReadlineEditor.nextKey() }
        TerminalGuard.arm(isDumb: isDumb)
        // From now on, so that what is typed while connecting waits for the prompt and is not echoed.
        creadline_take_terminal(1)
    }

    // MARK: Editing

    func begin(_ prompt: String, completion: Completion) {
        Self.shared.completion = completion
        isEditing = true
        takeInterruptKey()
        // A resize between two lines has not been heard.
        rl_reset_screen_size()
        // What the terminal obeys stands between \1 and \2, so that readline does not count it.
        let shown = isBold ? "\u{1}\u{1B}[1m\u{2}\(prompt)\u{1}\u{1B}[0m\u{2}" : prompt
        rl_callback_handler_install(shown) { ReadlineEditor.finishLine($0) }
    }

    func complete(with completion: Completion) { Self.shared.completion = completion }

    func takeInput() -> LineEditorEvent? {
        guard isEditing else { return nil }
        let key = Self.readKey()
        if let key, key == interruptKey { return .interrupt }
        if let key, Self.shared.paste != nil {
            takePasted(key)
        } else {
            Self.shared.key = key
            rl_callback_read_char()
        }
        guard let event = Self.shared.event else { return nil }
        Self.shared.event = nil
        if event == .interrupt { return event }
        isEditing = false
        giveInterruptKey()
        if event == .end { rl_crlf() }
        creadline_flush()
        return event
    }

    func interrupt() -> Bool {
        guard isEditing else { return true }
        Self.shared.paste = nil
        // First of all: these end a count or a search, and put the line back in its place.
        creadline_forget_count()
        rl_callback_sigcleanup()
        rl_free_line_state()
        let hadText = creadline_length() > 0
        creadline_move_to_end()
        rl_redisplay()
        rl_crlf()
        // Away from the line of the history that the arrow up had brought, which would be changed otherwise.
        using_history()
        rl_replace_line("", 1)
        rl_on_new_line()
        rl_redisplay()
        return hadText
    }

    func finish() {
        if isEditing {
            isEditing = false
            giveInterruptKey()
            creadline_move_to_end()
            rl_redisplay()
            rl_crlf()
            rl_callback_handler_remove()
        }
        if MainLoop.isInForeground(of: STDIN_FILENO) { creadline_release_terminal() }
        creadline_flush()
        TerminalGuard.disarm()
    }

    // MARK: The screen

    func hide() {
        guard isEditing else { return }
        if isPlain { rl_crlf() } else { rl_clear_visible_line() }
        creadline_flush()
    }

    func show() {
        guard isEditing else { return }
        rl_on_new_line()
        rl_redisplay()
    }

    func resize() {
        if isEditing { rl_resize_terminal() }
    }

    func suspend() {
        if isEditing { rl_crlf() }
        creadline_release_terminal()
        creadline_flush()
    }

    func resume() {
        // Whoever had the terminal meanwhile may have left it otherwise than readline thinks.
        creadline_release_terminal()
        creadline_take_terminal(1)
        rl_reset_screen_size()
        guard isEditing else { return }
        takeInterruptKey()
        rl_on_new_line()
        rl_redisplay()
    }

    // MARK: The input history

    func remember(_ line: String) {
        using_history()
        if let last = creadline_last_line(), String(cString: last) == line { return }
        add_history(line)
        history?.append(line)
    }

    // MARK: Pasting

    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    /// Takes one byte of a paste: by one, so that what follows the end is left to readline. Until the end has come, messages are
    /// printed and Ctrl-C gives up, however long that takes.
    private func takePasted(_ byte: UInt8) {
        Self.shared.paste?.append(byte)
        guard byte == Self.pasteEnd.last, let paste = Self.shared.paste,
            paste.suffix(Self.pasteEnd.count) == Self.pasteEnd[...]
        else { return }
        Self.shared.paste = nil
        let text = String(decoding: paste.dropLast(Self.pasteEnd.count).filter { $0 != 0 }, as: UTF8.self)
        rl_begin_undo_group()
        rl_insert_text(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"))
        rl_end_undo_group()
        rl_redisplay()
    }

    // MARK: Keys

    /// While a line is edited, Ctrl-C is read like a key. As a signal it would overtake what was typed before it, or
    /// take away what is typed after it.
    private func takeInterruptKey() {
        guard let key = UInt8(exactly: creadline_take_interrupt_key()), key != 0 else { return }
        interruptKey = key
        creadline_bind_interrupt(Int32(key)) { _, _ in ReadlineEditor.interruptAmongKeys() }
    }

    private func giveInterruptKey() {
        guard let key = interruptKey else { return }
        interruptKey = nil
        creadline_give_interrupt_key(Int32(key))
    }

    private static func readKey() -> UInt8? {
        var byte: UInt8 = 0
        return read(STDIN_FILENO, &byte, 1) == 1 ? byte : nil
    }

    // MARK: What readline calls

    /// The key that `takeInput` has read, or, where readline wants more than one, the next.
    private static func nextKey() -> Int32 {
        defer { shared.key = nil }
        return (shared.key ?? readKey()).map(Int32.init) ?? EOF
    }

    /// readline has come upon Ctrl-C where it read several keys at once.
    private static func interruptAmongKeys() -> Int32 {
        shared.event = .interrupt
        return 0
    }

    private static func beginPaste() -> Int32 {
        shared.paste = []
        return 0
    }

    private static func finishLine(_ line: UnsafeMutablePointer<CChar>?) {
        shared.event = line.map { .line(String(cString: $0)) } ?? .end
        free(line)
        rl_callback_handler_remove()
    }

    /// The words that the one that begins at `start` may become, as readline wants them: what they share first, a null last,
    /// each to be freed by readline.
    private static func matches(from start: Int32) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        creadline_completion_is_over()
        let line = creadline_line().map { String(cString: $0) } ?? ""
        let before = String(decoding: line.utf8.prefix(Int(start)), as: UTF8.self)
        let upToCursor = String(decoding: line.utf8.prefix(Int(creadline_cursor())), as: UTF8.self)
        let word = String(upToCursor.dropFirst(before.count))
        let candidates = shared.completion.candidates(for: word, after: before)
        guard !candidates.isEmpty else { return nil }
        let words = candidates.count == 1 ? candidates : [Completion.commonPrefix(of: candidates)] + candidates
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { list[index] = strdup(word) }
        list[words.count] = nil
        return list
    }
}
