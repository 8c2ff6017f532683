/// The words of this process's command line, as the system has them.
public enum GivenWords {
    /// The first argument that is not UTF-8, from 1; nil if all are. Swift's `CommandLine.arguments` would have changed it.
    public static var unreadable: Int? {
        (1..<max(Int(CommandLine.argc), 1)).first { index in
            CommandLine.unsafeArgv[index].map { String(validatingCString: $0) == nil } ?? false
        }
    }

    /// What is wrong with it.
    public static func message(_ number: Int) -> String { "argument \(number) is not UTF-8" }

    /// What to do about it.
    public static let hint = "iconv -f LATIN1 -t UTF-8, where it comes from"
}
