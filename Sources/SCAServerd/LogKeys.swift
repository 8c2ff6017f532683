internal import Logging
internal import SCACore

/// The keys of log metadata, so that one thing has one name. A message's text is never logged.
enum LogKey {
    static let keys = "keys"
    static let address = "address"
    static let code = "code"
    static let count = "count"
    static let error = "error"
    static let mobile = "mobile"
    static let dialect = "dialect"
    static let sessions = "sessions"
    static let threads = "threads"
    static let reason = "reason"
    static let expires = "expires"
}

/// A logger that hides mobiles unless told not to.
struct ServerLog: Sendable {
    let logger: Logger
    let showsMobiles: Bool

    func name(_ mobile: Mobile) -> Logger.MetadataValue {
        .string(showsMobiles ? mobile.description : mobile.masked)
    }
}
