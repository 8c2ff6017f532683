internal import Glibc

/// How wide the terminal is.
enum TerminalWidth {
    /// What `COLUMNS` says, else the terminal of stdout or of stderr; nil if none of them says. Asked anew each time, since a
    /// window may change.
    static var columns: Int? {
        if let text = getenv("COLUMNS"), let number = Int(String(cString: text)), number > 0 { return number }
        return [STDOUT_FILENO, STDERR_FILENO].lazy.compactMap(columns(of:)).first
    }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
