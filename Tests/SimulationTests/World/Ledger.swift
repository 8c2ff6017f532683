internal import SCACore

/// What is true, whoever says what: the judge of a simulation. Every step is held against it.
///
///   stored      who hears or says `stored` of a message can find it on a disk of the recipient that has synced it
///   nobody      who says `offline`, `busy` or `rejected` of a message is right: no recipient has it, nor gets it later
///   once        a history has a message once; a process shows it once
///   order       what goes from one connection to one recipient comes to each of its connections in the order it was sent
///   answered    every message that was submitted is reported once, if its process lived
///   presence, leaks, bounds   see `Server.check` and `World.checkQuiet`
final class Ledger {
    /// The first thing that was not as it must be.
    private(set) var violation: String?
    var submitted = 0
    var storedReports = 0
    private(set) var arrivals = 0
    /// What a sender was told that nobody got.
    private var refused: Set<Disk.Key> = []
    private var lastFromTo: [[Int]: Int] = [:]

    func fail(_ sentence: String) {
        if violation == nil { violation = sentence }
    }

    /// Puts the mark of a transmission behind a text: over which line, and the how manieth it was.
    static func mark(_ text: String, line: Int, count: Int) -> String { "\(text) @\(line).\(count)" }

    /// A sender has been told that nobody got this.
    func refused(_ key: Disk.Key) { refused.insert(key) }

    /// A message is down on a disk of its recipient.
    func stored(_ key: Disk.Key) {
        if refused.contains(key) { fail("\(key.id) of \(key.from) is stored; its sender was told that nobody got it") }
    }

    /// A message has arrived over a line.
    func arrived(_ text: String, over line: Int) {
        arrivals += 1
        let mark = text.split(separator: "@").last.map { $0.split(separator: ".").compactMap { Int($0) } } ?? []
        guard mark.count == 2 else { return fail("a text without its mark: \(text)") }
        let last = lastFromTo[[mark[0], line]] ?? 0
        if mark[1] <= last {
            fail("over line \(line) came message \(mark[1]) of line \(mark[0]) after message \(last)")
        }
        lastFromTo[[mark[0], line]] = mark[1]
    }
}
