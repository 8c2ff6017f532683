internal import Glibc

/// A system call that failed: which one, and its `errno`.
struct SystemError: Error, Equatable {
    let call: String
    let number: Int32

    /// The reason in the system's own words: `No space left on device`.
    var reason: String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }
}

/// The calls that make a row durable, so that tests can have a full or a failing disk.
struct FileCalls {
    var write: (Int32, UnsafeRawPointer, Int) -> Int = { Glibc.write($0, $1, $2) }
    var synchronize: (Int32) -> Int32 = { fdatasync($0) }
}

/// An open file that closes itself. Every call is tried again when a signal interrupts it.
///
/// Reads are `pread` into memory of our own and never `mmap`: a mapped file that somebody truncates kills its
/// reader with SIGBUS, and this file is shared.
struct OpenFile: ~Copyable {
    /// Which file this is, whatever its name: equal for two descriptors of one file.
    struct Identity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    let descriptor: Int32

    init(_ path: String, flags: Int32, mode: mode_t = 0o600) throws(SystemError) {
        descriptor = try Self.retrying("open") { open(path, flags | O_CLOEXEC, mode) }
    }

    deinit { _ = close(descriptor) }

    /// What `fstat` says.
    func status() throws(SystemError) -> stat {
        var result = stat()
        _ = try Self.retrying("fstat") { fstat(descriptor, &result) }
        return result
    }

    /// Bytes from `offset`; fewer than `count` only at the end of the file.
    func read(_ count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            do throws(SystemError) {
                done = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Puts bytes from `offset` into memory that is there already.
    ///
    /// - Parameters:
    ///   - bytes: has room for `count` bytes behind `start`.
    ///   - start: where in `bytes` they go.
    /// - Returns: how many they are; fewer than `count` only at the end of the file.
    func read(
        _ count: Int,
        at offset: Int64,
        into bytes: inout [UInt8],
        from start: Int
    ) throws(SystemError) -> Int {
        var (done, failure) = (0, SystemError?.none)
        bytes.withUnsafeMutableBytes { bytes in
            do throws(SystemError) {
                done = try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + count]), at: offset)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return done
    }

    private func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let got = try Self.retrying("pread") {
                pread(descriptor, base + done, bytes.count - done, off_t(offset) + done)
            }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// What is left from here to the end, also of a pipe.
    ///
    /// - Parameter limit: the most bytes that are read.
    func readToEnd(atMost limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < limit {
            let got = try Self.retrying("read") {
                Glibc.read(descriptor, &block, min(block.count, limit - bytes.count))
            }
            if got == 0 { break }
            bytes += block.prefix(got)
        }
        return bytes
    }

    /// Writes everything, in one call unless the system takes less; on an error some of it may be written.
    func write(_ bytes: [UInt8], with calls: FileCalls = FileCalls()) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try Self.retrying("write") {
                bytes.withUnsafeBytes { buffer in
                    guard let base = buffer.baseAddress else { return buffer.count }
                    return calls.write(descriptor, base + done, buffer.count - done)
                }
            }
        }
    }

    /// Cuts the file to `size` bytes.
    func truncate(to size: Int64) throws(SystemError) {
        _ = try Self.retrying("ftruncate") { ftruncate(descriptor, off_t(size)) }
    }

    /// Returns when the data, and the size that leads to it, are on the disk.
    func synchronize(with calls: FileCalls = FileCalls()) throws(SystemError) {
        _ = try Self.retrying("fdatasync") { calls.synchronize(descriptor) }
    }

    private static func retrying<Result: FixedWidthInteger & SignedInteger>(
        _ name: String,
        _ call: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw SystemError(call: name, number: number) }
        }
    }
}

extension stat {
    var identity: OpenFile.Identity { OpenFile.Identity(device: UInt64(st_dev), inode: UInt64(st_ino)) }

    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }

    /// The kind of file in words, for messages.
    var kind: String {
        switch st_mode & S_IFMT {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a folder"
        case S_IFLNK: "a symbolic link"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }
}
