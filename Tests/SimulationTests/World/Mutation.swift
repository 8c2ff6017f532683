/// A mistake that somebody could make, built in on purpose: the simulation must find it, or it proves nothing.
enum Mutation: String, CaseIterable {
    /// A client says `stored` before the store has answered.
    case acknowledgesBeforeDisk = "acknowledges-before-disk"
    /// A client does not ask its history whether a row is there already.
    case storesTwice = "stores-twice"
    /// A client reports a message that it has shown before.
    case showsTwice = "shows-twice"
    /// The server does not tell its hub of every connection that has ended.
    case forgetsLeaving = "forgets-leaving"
    /// The server loses some of the presence that its hub sends.
    case losesPresence = "loses-presence"
    /// Letters between two loops overtake each other.
    case lettersOvertake = "letters-overtake"
    /// A client does not tell its tracker that the connection was lost.
    case forgetsLoss = "forgets-loss"
    /// The server tells its hub that bytes have left as soon as they are in the outbox.
    case countsTooEarly = "counts-too-early"
}
