@testable import scactl

/// Stdin that the test writes to while the command runs.
final class FeedSource: ByteSource {
    private let blocks: AsyncStream<[UInt8]>
    private let feeding: AsyncStream<[UInt8]>.Continuation

    init() {
        (blocks, feeding) = AsyncStream<[UInt8]>.makeStream()
    }

    func write(_ line: String) { feeding.yield(Array("\(line)\n".utf8)) }

    func stop() { feeding.finish() }

    func next() async throws(CommandFailure) -> [UInt8]? {
        for await block in blocks { return block }
        return nil
    }
}
