/// Every metric that a server has, by its name in Prometheus, which is its label in swift-metrics too.
///
/// Names and units as Prometheus has them: seconds, bytes, `_total` for what only grows. A metric has at most one label, whose
/// values are a closed set: no mobile, no address and no text can get in. `docs/monitoring.md` has them all.
enum Metric: String, CaseIterable, Sendable {
    case buildInfo = "scad_build_info"
    case sessions = "scad_sessions"
    case mobiles = "scad_mobiles"
    case sessionsOpened = "scad_sessions_opened_total"
    case sessionsClosed = "scad_sessions_closed_total"
    case protocolErrors = "scad_protocol_errors_total"
    case messagesRouted = "scad_messages_routed_total"
    case messagesRefused = "scad_messages_refused_total"
    case framesRefused = "scad_frames_refused_total"
    case receivedBytes = "scad_received_bytes_total"
    case sentBytes = "scad_sent_bytes_total"
    case presenceChanges = "scad_presence_changes_total"
    case presenceUpdates = "scad_presence_updates_total"
    case presenceFolded = "scad_presence_folded_total"
    case connections = "scad_connections"
    case connectionsLimit = "scad_connections_limit"
    case connectionsAccepted = "scad_connections_accepted_total"
    case refusals = "scad_refusals_total"
    case authFailures = "scad_auth_failures_total"
    case codeDeliveries = "scad_code_deliveries_total"
    case loopDelay = "scad_loop_delay_seconds"
    case draining = "scad_draining"
    case memoryShort = "scad_memory_short"
    case memoryLimit = "scad_memory_limit_bytes"
    case certificateExpiry = "scad_certificate_expiry_timestamp_seconds"
    case processCPU = "process_cpu_seconds_total"
    case processResident = "process_resident_memory_bytes"
    case processVirtual = "process_virtual_memory_bytes"
    case processStart = "process_start_time_seconds"
    case processOpenFiles = "process_open_fds"
    case processMaximumFiles = "process_max_fds"

    /// The name of its one label; nil if it has none.
    var label: String? {
        switch self {
        case .buildInfo: "version"
        case .sessionsClosed, .messagesRefused, .framesRefused, .refusals, .authFailures: "reason"
        case .codeDeliveries: "outcome"
        case .loopDelay: "loop"
        default: nil
        }
    }

    /// What it says, in a sentence.
    var help: String {
        switch self {
        case .buildInfo: "Always 1; the label has the version."
        case .sessions: "Open sessions."
        case .mobiles: "Mobiles with at least one open session."
        case .sessionsOpened: "Sessions that were opened."
        case .sessionsClosed: "Sessions that ended, by why."
        case .protocolErrors: "Sessions whose client broke the WebSocket protocol or the frame limit."
        case .messagesRouted: "Messages handed to at least one session of their recipient."
        case .messagesRefused: "Messages that no session of their recipient got, by why."
        case .framesRefused: "Frames that were answered with an error, by its code."
        case .receivedBytes: "Bytes of WebSocket frames read from sessions, under TLS after decryption."
        case .sentBytes: "Bytes of WebSocket frames written to sessions, under TLS before encryption."
        case .presenceChanges: "Notices that a mobile may have come online or gone offline."
        case .presenceUpdates: "Updates of presence that were made of them."
        case .presenceFolded: "Notices that were told together with others, so that they cost no update of their own."
        case .connections: "Open connections that were let in, sessions or not."
        case .connectionsLimit: "Connections that are let in at once at the most; 0 for no limit."
        case .connectionsAccepted: "Connections that were let in."
        case .refusals: "Connections and sessions that were refused by a limit, by which."
        case .authFailures: "Requests that were not admitted, by why."
        case .codeDeliveries: "Login codes that the code command was given, by how it went."
        case .loopDelay: "How much later than it should an event loop does what is due, looked at ten times a second."
        case .draining: "1 while the server tells everyone to go, else 0."
        case .memoryShort: "1 while nobody new is let in for lack of memory, else 0."
        case .memoryLimit: "Resident memory above which nobody new is let in; 0 for no limit."
        case .certificateExpiry: "When the certificate that is served expires, in seconds since 1970; 0 without one."
        case .processCPU: "User and system time that the process has spent."
        case .processResident: "Memory of the process that is in RAM."
        case .processVirtual: "Virtual memory of the process."
        case .processStart: "When the process was started, in seconds since 1970."
        case .processOpenFiles: "Open file descriptors."
        case .processMaximumFiles: "File descriptors that may be open at the most."
        }
    }
}
