internal import Glibc

/// Waits for something to change in a folder, by inotify. One owner.
///
/// The folder is watched and not the file, so that a file made or replaced later is seen. Any event will do: a needless
/// wake-up costs one look, a missed one a lost row, so names are not compared. After events the watch is asked
/// for again, which means nothing if it is still there and mends it if the folder was made anew.
final class FolderWatch {
    private let folder: String
    private let descriptor: Int32
    private var isWatching = false

    init(_ folder: String) {
        self.folder = folder
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        beginWatching()
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// True when something changed (or may have, without a watch); false after the time, a wake-up or a signal.
    func wait(timeoutMilliseconds: Int32, wake: Int32) -> Bool {
        if !isWatching {
            beginWatching()
            if isWatching { return true }
        }
        // Without a watch: look again twice a second. A negative descriptor is passed over by `poll`.
        let patience: Int32 = 500
        let isShort = isWatching || (0..<patience).contains(timeoutMilliseconds)
        var waiting = [
            pollfd(fd: isWatching ? descriptor : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&waiting, nfds_t(waiting.count), isShort ? timeoutMilliseconds : patience)
        if ready == 0 { return !isShort }
        guard ready > 0, waiting[0].revents != 0 else { return false }
        drain()
        beginWatching()
        return true
    }

    private func beginWatching() {
        let events = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
        isWatching = descriptor >= 0 && inotify_add_watch(descriptor, folder, UInt32(events)) >= 0
    }

    private func drain() {
        var events = [UInt8](repeating: 0, count: 4096)
        while read(descriptor, &events, events.count) > 0 {}
    }
}
