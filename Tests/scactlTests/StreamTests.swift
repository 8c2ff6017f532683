import Glibc
import Testing

@testable import scactl

/// The real streams, over pipes.
@Suite(.timeLimit(.minutes(10))) struct StreamTests {
    private func makePipe() -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func blocksComeAsTheyAreWrittenAndThenTheEnd() async throws {
        let ends = makePipe()
        let reader = DescriptorReader(descriptor: ends.reading, name: "test")
        _ = write(ends.writing, "one", 3)
        #expect(try await reader.next() == Array("one".utf8))
        async let next = reader.next()
        _ = write(ends.writing, "two", 3)
        #expect(try await next == Array("two".utf8))
        close(ends.writing)
        #expect(try await reader.next() == nil)
    }

    @Test func whoWakesDoesNotWaitForWhoSleeps() {
        let wake = WakePipe()
        // More than the pipe holds.
        for _ in 0..<100_000 { wake.wake() }
        var watched = pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0)
        #expect(poll(&watched, 1, 0) == 1)
    }

    @Test func stopEndsAReadThatWaits() async throws {
        let ends = makePipe()
        let reader = DescriptorReader(descriptor: ends.reading, name: "test")
        async let next = reader.next()
        reader.stop()
        #expect(try await next == nil)
        _ = write(ends.writing, "late", 4)
        #expect(try await reader.next() == nil)
    }

    @Test func readingWhatIsNotThereIs74() async {
        let reader = DescriptorReader(descriptor: open("/dev/null", O_WRONLY), name: "test")
        let failure = await #expect(throws: CommandFailure.self) { try await reader.next() }
        #expect(failure?.status == .io)
    }

    @Test func everyLineIsWrittenAndAReaderThatIsGoneIsNoticed() async throws {
        signal(SIGPIPE, SIG_IGN)
        let ends = makePipe()
        let writer = DescriptorWriter(descriptor: ends.writing, name: "test")
        try await writer.write([Array("one\n".utf8), Array("two\n".utf8)])
        var buffer = [UInt8](repeating: 0, count: 20)
        #expect(read(ends.reading, &buffer, 20) == 8)
        close(ends.reading)
        // A program that another test is starting has all our descriptors until it runs.
        var end = pollfd(fd: ends.writing, events: 0, revents: 0)
        #expect(poll(&end, 1, -1) == 1)
        let failure = await #expect(throws: CommandFailure.self) { try await writer.write([[0x0A]]) }
        #expect(failure == .readerGone)
    }

    @Test func linesShareAWriteOnlyAsFarAsAPipeTakesThemWhole() async throws {
        // A socket that keeps apart what was written apart.
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let writer = DescriptorWriter(descriptor: ends[0], name: "test")
        let sizes = [1_000, 3_000, 97, 5_000, 2_000, 2_097, 10]
        try await writer.write(sizes.map { [UInt8](repeating: 0x61, count: $0 - 1) + [0x0A] })
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for expected in [4_000, 97, 5_000, 2_000, 2_107] {
            #expect(read(ends[1], &buffer, buffer.count) == expected)
        }
    }

    @Test func aNonBlockingPipeThatIsFullIsWaitedFor() async throws {
        let ends = makePipe()
        _ = fcntl(ends.writing, F_SETFL, O_NONBLOCK)
        let writer = DescriptorWriter(descriptor: ends.writing, name: "test")
        let line = [UInt8](repeating: 0x61, count: 300_000)
        async let done: Void = writer.write([line])
        var received = 0
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // Not waiting in `read`: this is one of the few threads that tasks run on.
        _ = fcntl(ends.reading, F_SETFL, O_NONBLOCK)
        while received < line.count {
            let count = read(ends.reading, &buffer, buffer.count)
            if count > 0 { received += count } else { await Task.yield() }
        }
        try await done
        #expect(received == line.count)
    }

    @Test func aFullDiskIs74() async {
        let writer = DescriptorWriter(descriptor: open("/dev/full", O_WRONLY), name: "stdout")
        let failure = await #expect(throws: CommandFailure.self) { try await writer.write([[0x0A]]) }
        #expect(failure?.message == "cannot write to stdout: No space left on device")
        #expect(failure?.status == .io)
    }

    @Test func aStopReachesWhoWaitsBeforeAndAfterIt() async {
        let stop = StopSignal()
        let before = stop.requests()
        #expect(!stop.isRequested)
        #expect(stop.request())
        for await _ in before {}
        for await _ in stop.requests() {}
        #expect(stop.isRequested)
    }

    @Test func aStopThatNobodyWaitsForSaysSo() {
        #expect(!StopSignal().request())
    }

    @Test func aWaitForAStopEndsWithItsTask() async {
        let stop = StopSignal()
        let task = Task { for await _ in stop.requests() {} }
        task.cancel()
        await task.value
        #expect(!stop.isRequested)
    }
}
