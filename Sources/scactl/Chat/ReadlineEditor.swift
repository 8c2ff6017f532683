internal import CReadline

/// GNU readline: the only file that knows it. `chat` will edit lines with it; today it tells its version.
struct ReadlineEditor {
    /// The version of the library that is linked, such as `8.2`.
    static var libraryVersion: String { creadline_version().map { String(cString: $0) } ?? "?" }
}
