/// How a server stands at one moment: totals since its start, and what is true now. Gathered by `ChatServer` when somebody asks.
struct ServerReadings: Sendable {
    /// Of all loops together.
    var loops = LoopReadings()
    var sessions = 0
    var mobiles = 0
    var gate = GateReadings()
    var login = LoginReadings()
    var process = ProcessReadings()
    var isDraining = false
    /// Seconds since 1970; 0 without a certificate.
    var certificateExpiry = 0
}

/// What the gate has counted, and its limits.
struct GateReadings: Sendable {
    /// Open connections that were let in.
    var open = 0
    /// Connections let in so far.
    var accepted = 0
    var refused: [Refusal.Reason: Int] = [:]
    /// 0 for no limit.
    var limit = 0
    /// In bytes; 0 for no limit.
    var memoryLimit = 0
    var isShortOfMemory = false
}

/// What the login desk has counted.
struct LoginReadings: Sendable {
    var wrongCodes = 0
    var tooMany = 0
    var sent = 0
    var failed = 0
}
