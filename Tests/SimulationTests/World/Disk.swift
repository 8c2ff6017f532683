internal import Glibc
@testable internal import SCACore

/// The history of one device: a real file, written by the real code, on a disk that may be full, fail to sync, or lose what
/// was not synced when the power goes. It notes which rows are down for good, and that none is there twice.
final class Disk {
    /// A message, as a history knows it.
    struct Key: Hashable {
        let from: Mobile
        let id: MessageID
    }

    enum State: CaseIterable {
        case sound, full, failing
    }

    let mobile: Mobile
    let path: String
    var state = State.sound
    /// What nothing can take away any more.
    private(set) var durable: Set<Key> = []
    private unowned let world: World
    /// How far the file is down, in bytes.
    private var synced = 0

    init(_ mobile: Mobile, path: String, _ world: World) {
        self.mobile = mobile
        self.path = path
        self.world = world
    }

    /// The disk as the history code sees it.
    var calls: FileCalls {
        FileCalls(
            write: { [self] descriptor, bytes, count in
                guard state == .full else { return Glibc.write(descriptor, bytes, count) }
                // A disk that is nearly full takes a part first.
                let room = world.chance(50) ? Int(world.random(0...Int64(count - 1))) : 0
                if room > 0 { return Glibc.write(descriptor, bytes, room) }
                errno = ENOSPC
                return -1
            },
            synchronize: { [self] descriptor in
                guard state != .failing else {
                    errno = EIO
                    return -1
                }
                if isHistory(descriptor) { learn(descriptor) }
                return 0
            }
        )
    }

    /// The machine has lost its power in the middle of a write: what was not synced may be there, or a part of it.
    ///
    /// - Parameter rows: what was being written.
    func losePower(writing rows: [HistoryRow]) {
        var bytes: [UInt8] = []
        for row in rows { row.appendLine(to: &bytes) }
        let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let kept = Int(world.random(Int64(min(synced, size))...Int64(size)))
        _ = ftruncate(descriptor, kept)
        world.trace("power: \(path.suffix(8)) keeps \(kept) of \(size) bytes, \(synced) were synced")
    }

    /// Whether this is the history, and not a torn line that is set aside.
    private func isHistory(_ descriptor: Int32) -> Bool {
        var (mine, other) = (stat(), stat())
        return stat(path, &mine) == 0 && fstat(descriptor, &other) == 0 && mine.st_ino == other.st_ino
    }

    private func learn(_ descriptor: Int32) {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= synced else { return world.ledger.fail("\(path.suffix(8)): bytes that were synced are gone") }
        let bytes = [UInt8](unsafeUninitializedCapacity: size - synced) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, size - synced, synced))
        }
        for line in bytes.split(separator: 0x0A) {
            let line = Array(line)
            guard let row = HistoryRow(line: line.span) else {
                world.ledger.fail("\(path.suffix(8)): a line that is no row: \(String(decoding: line, as: UTF8.self))")
                continue
            }
            if !durable.insert(Key(from: row.from, id: row.id)).inserted {
                world.ledger.fail("\(path.suffix(8)): \(row.id) from \(row.from) is there twice")
            }
            if row.from != mobile { world.ledger.stored(Key(from: row.from, id: row.id)) }
        }
        synced = size
    }

    /// Looks at the whole file as a reader would: everything durable is there, and nothing twice.
    func check() {
        var reader = HistoryReader(path: path)
        var seen: Set<Key> = []
        do throws(HistoryError) {
            try reader.forEach { row in
                if !seen.insert(Key(from: row.from, id: row.id)).inserted {
                    world.ledger.fail("\(path.suffix(8)): \(row.id) from \(row.from) is in the file twice")
                }
                return true
            }
        } catch {
            world.ledger.fail("\(path.suffix(8)) cannot be read: \(error)")
        }
        if let lost = durable.subtracting(seen).first {
            world.ledger.fail("\(path.suffix(8)): \(lost.id) from \(lost.from) was synced and is gone")
        }
        if reader.skippedLines > 0 { world.ledger.fail("\(path.suffix(8)) has lines that are no rows") }
    }
}
