internal import NIOCore

/// What the sockets of one event loop share; owned by that loop.
final class LoopShare {
    /// Who is read when, if several have much to say.
    let turns: ReadTurns
    /// Who is closed when, if many leave at once.
    let farewells: Farewells
    let scratch = ReadScratch()
    var traffic = TrafficCounters()

    init(eventLoop: any EventLoop) {
        turns = ReadTurns(eventLoop: eventLoop)
        farewells = Farewells(eventLoop: eventLoop)
    }
}
