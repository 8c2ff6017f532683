internal import Glibc

/// The variables of a process as the system has them, byte for byte: for the programs that it starts.
///
/// They need not be UTF-8 (a folder may have been named in another encoding), and Foundation's are made so.
struct RawEnvironment: Hashable, Sendable {
    /// `NAME=value`, each with the NUL at its end.
    private(set) var entries: [[CChar]]

    /// This process's own.
    static var process: RawEnvironment {
        var entries: [[CChar]] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(Array(UnsafeBufferPointer(start: entry, count: strlen(entry) + 1)))
            next += 1
        }
        return RawEnvironment(entries: entries)
    }

    init(_ variables: [String: String]) {
        self.init(entries: variables.map { Array("\($0)=\($1)".utf8CString) })
    }

    private init(entries: [[CChar]]) {
        self.entries = entries
    }

    /// A variable as text, or nil if it is not set; nil unsets it.
    subscript(name: String) -> String? {
        get {
            let start = Array("\(name)=".utf8CString.dropLast())
            let entry = entries.first { $0.starts(with: start) }
            return entry.map { entry in
                String(decoding: entry[start.count...].dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }
        set {
            let start = Array("\(name)=".utf8CString.dropLast())
            entries.removeAll { $0.starts(with: start) }
            if let newValue { entries.append(start + Array(newValue.utf8CString)) }
        }
    }
}
