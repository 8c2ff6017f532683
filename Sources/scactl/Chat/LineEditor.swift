/// A line that somebody types, and what may be printed above it meanwhile: GNU readline, or a script in a test.
///
/// Not `Sendable`: it belongs to the `Prompt`, which calls it on the terminal's thread only.
///
///     begin ─→ editing ─→ takeInput … ─→ .line or .end: nothing is being edited, and anything may be printed
///                  └─ hide, print, show
protocol LineEditor: AnyObject {
    /// Shows the prompt and edits a line. Nothing may be being edited.
    ///
    /// - Parameters:
    ///   - prompt: plain text, shown in front.
    ///   - completion: what Tab knows, from now on.
    func begin(_ prompt: String, completion: Completion)

    /// Changes what Tab knows.
    func complete(with completion: Completion)

    /// Takes what was typed; to be called when the terminal has something. Returns nil while the line is not finished.
    func takeInput() -> LineEditorEvent?

    /// Takes the line that is being edited off the screen, so that something can be printed.
    func hide()

    /// Puts the line back, text and cursor as they were.
    func show()

    /// After Ctrl-C or SIGINT: gives the line up and begins a new one. Returns false if that line was empty.
    func interrupt() -> Bool

    /// The window has another size.
    func resize()

    /// Gives the terminal back, as before a stop by Ctrl-Z; the line is kept. `resume` takes it again and shows the line; it may
    /// be called without `suspend`, after a stop that nobody saw coming.
    func suspend()
    func resume()

    /// Stops editing and gives the terminal back. Safe to call at any time; `begin` may follow.
    func finish()

    /// Adds a line to the input history, so that it can be called back.
    func remember(_ line: String)
}

/// What came of typing.
enum LineEditorEvent: Hashable, Sendable {
    case line(String)
    /// Ctrl-C; the line goes on until `interrupt`.
    case interrupt
    /// Ctrl-D on an empty line, or the terminal is gone.
    case end
}
