internal import SCAClient
internal import SCACore

/// Who is online, as far as this process knows; tells what is new in each thing it hears.
///
/// Whatever tells of it, a list, a change, the list after a reconnect, only what differs from the picture comes out. So
/// nothing is told twice, and what changed while there was no connection is told when there is one again.
struct PresencePicture: Sendable {
    struct Change: Hashable, Sendable {
        var came: [Mobile] = []
        var went: [Mobile] = []
    }

    /// Empty for everybody.
    private let wanted: Set<Mobile>
    /// Nil until something told of everybody who is wanted.
    private var online: Set<Mobile>?

    init(of wanted: [Mobile] = []) {
        self.wanted = Set(wanted)
    }

    /// Whether there is a picture yet; before, changes mean nothing.
    var isComplete: Bool { online != nil }

    /// Takes a whole list; those on it who are not in the picture came, the others in it went.
    mutating func take(list: some Collection<Mobile>) -> Change {
        let list = list.filter(isWanted)
        let old = online ?? []
        let new = Set(list)
        online = new
        return Change(came: list.filter { !old.contains($0) }, went: old.subtracting(new).sorted())
    }

    /// Takes a change.
    mutating func take(joined: [Mobile], left: [Mobile]) -> Change {
        guard var online else { return Change() }
        let came = joined.filter { isWanted($0) && online.insert($0).inserted }
        let went = left.filter { online.remove($0) != nil }
        self.online = online
        return Change(came: came, went: went)
    }

    private func isWanted(_ mobile: Mobile) -> Bool { wanted.isEmpty || wanted.contains(mobile) }
}

extension PresencePicture.Change {
    /// The rows that tell of it.
    ///
    /// - Parameter time: milliseconds since 1970 UTC.
    func rows(at time: Int64) -> [Row] {
        came.map { .presence($0, isOnline: true, at: time) } + went.map { .presence($0, isOnline: false, at: time) }
    }
}
