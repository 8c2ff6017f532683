/// A phase of a server's life, for whoever watches over it.
public enum ServerPhase: Sendable, Hashable {
    /// Clients can connect: it has started, or has read its files again, whether or not they were of use.
    case listening
    /// It reads its files again.
    case reloading
    /// It lets nobody in and tells everyone to come back later.
    case draining
}
