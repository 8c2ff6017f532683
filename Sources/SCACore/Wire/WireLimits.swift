/// The sizes that a decoder holds a peer to, in bytes.
public struct WireLimits: Hashable, Sendable {
    /// The longest message text, in bytes of UTF-8 after JSON escapes are undone.
    public var textBytes: Int
    /// The longest WebSocket message; a longer one closes the session with 1009.
    public var frameBytes: Int
    /// The most mobiles in one `watch` or `unwatch`.
    public var watchedMobiles: Int

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - textBytes: 64 KiB unless said.
    ///   - frameBytes: unless said, twice the text (so that a text of nothing but newlines, two bytes each
    ///     in JSON, still fits) and 1 KiB for the rest of the frame.
    ///   - watchedMobiles: 1,000 unless said.
    public init(textBytes: Int = 65_536, frameBytes: Int? = nil, watchedMobiles: Int = 1_000) {
        self.textBytes = textBytes
        // A text that nobody could send is refused by who serves it, and must not end the program before.
        self.frameBytes = frameBytes ?? (2 * min(max(textBytes, 0), Int.max / 4) + 1_024)
        self.watchedMobiles = watchedMobiles
    }
}
