internal import NIOCore

extension HubTime {
    /// What both clocks show.
    static func now() -> HubTime { HubTime(.now()) }

    /// What a loop's clock shows, and the time of day.
    init(_ now: NIODeadline) {
        self.init(
            nanoseconds: Int64(clamping: now.uptimeNanoseconds),
            unixMilliseconds: WallClock.unixMilliseconds()
        )
    }
}
