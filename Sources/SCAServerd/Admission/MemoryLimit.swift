/// How much memory the server may have before it lets nobody new in.
public enum MemoryLimit: Hashable, Sendable {
    /// No limit.
    case none
    /// So many bytes.
    case bytes(Int)
    /// So much of what there is, 1 to 100 percent: of the machine, or of the control group if that has less.
    case share(percent: Int)

    /// Reads `80%` or a size in bytes; nil for anything else.
    ///
    /// - Parameter size: reads the size, such as `2G`; 0 stands for no limit.
    public init?(parsing text: String, size: (String) -> Int?) {
        if text.hasSuffix("%") {
            guard let percent = Int(text.dropLast()) else { return nil }
            self = .share(percent: percent)
        } else {
            guard let bytes = size(text) else { return nil }
            self = bytes == 0 ? .none : .bytes(bytes)
        }
    }

    /// The limit in bytes, for a process that could have so much; nil for none.
    ///
    /// - Parameter available: what there is; nil if that is not known, and then a share is no limit.
    public func bytes(of available: Int?) -> Int? {
        switch self {
        case .none: nil
        case .bytes(let bytes): bytes
        case .share(let percent): available.map { $0 / 100 * percent }
        }
    }

    var problem: String? {
        switch self {
        case .none: nil
        case .bytes(let bytes): bytes >= 1 << 20 ? nil : "the memory limit must be at least 1M, or 0 for none"
        case .share(let percent): (1...100).contains(percent) ? nil : "the memory limit must be 1% to 100%"
        }
    }
}
