extension FrameDecoder {
    /// Reads a server's frame, as a client does.
    ///
    /// It asks for no more than the base dialect fixes; what `sca.v2` adds is read when it is there. A type
    /// or an error code that this version does not know comes back as `.unknown`, so that a newer server
    /// can say more. List elements that are not mobiles are left out.
    ///
    /// - Parameter bytes: one whole WebSocket text message.
    /// - Throws: `WireError` with the code `invalid_frame`, `invalid_mobile` or `too_large`, and what is wrong.
    public func serverFrame(_ bytes: Span<UInt8>) throws(WireError) -> ServerFrame {
        var fields = ServerFields()
        try scan(bytes) { key, value in fields.set(key, value) }
        let type = try bytes.string(fields.type, "type")
        switch type {
        case "pong": return .pong
        case "online_users":
            let rev = try fields.rev.map { (rev) throws(WireError) in try bytes.integer(rev, "rev", as: UInt64.self) }
            return .onlineUsers(try users(fields.users, "users", bytes), rev: rev)
        case "message": return .message(try message(fields, bytes))
        case "hello": return .hello(try hello(fields, bytes))
        case "ack":
            return .ack(
                id: try bytes.id(fields.id, "id"),
                to: try bytes.mobile(fields.to, "to"),
                sessions: try bytes.integer(fields.sessions, "sessions"),
                receipts: try bytes.integer(fields.receipts, "receipts")
            )
        case "receipt":
            let state = try bytes.string(fields.state, "state")
            guard let state = ReceiptState(rawValue: state) else { return .unknown(type: "receipt \(state)") }
            return .receipt(
                from: try bytes.mobile(fields.from, "from"),
                id: try bytes.id(fields.id, "id"),
                state: state
            )
        case "presence":
            return .presence(
                rev: try bytes.integer(fields.rev, "rev"),
                joined: try users(fields.joined, "joined", bytes),
                left: try users(fields.left, "left", bytes)
            )
        case "error": return try error(fields, bytes)
        default: return .unknown(type: type)
        }
    }

    private func message(
        _ fields: ServerFields,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> RelayedMessage {
        var message = RelayedMessage(
            from: try bytes.mobile(fields.from, "from"),
            text: try bytes.text(fields.text, "text", limit: limits.frameBytes)
        )
        if fields.to != nil { message.to = try bytes.mobile(fields.to, "to") }
        if fields.id != nil { message.id = try bytes.id(fields.id, "id") }
        if fields.ts != nil { message.unixMilliseconds = try bytes.integer(fields.ts, "ts") }
        return message
    }

    private func hello(_ fields: ServerFields, _ bytes: Span<UInt8>) throws(WireError) -> Hello {
        var hello = Hello(
            server: try bytes.string(fields.server, "server"),
            mobile: try bytes.mobile(fields.mobile, "mobile"),
            textBytes: limits.textBytes,
            frameBytes: 0,
            heartbeatSeconds: try bytes.integer(fields.heartbeat, "heartbeat_s")
        )
        let value = try bytes.require(fields.limits, .object, "an object", "limits")
        var textBytes: JSONCursor.Value?
        var frameBytes: JSONCursor.Value?
        try scan(bytes.extracting(value.range)) { key, member in
            if key.spells("text_bytes") { textBytes = member.moved(by: value.range.lowerBound) }
            if key.spells("frame_bytes") { frameBytes = member.moved(by: value.range.lowerBound) }
        }
        hello.textBytes = try bytes.integer(textBytes, "text_bytes")
        if let frameBytes { hello.frameBytes = try bytes.integer(frameBytes, "frame_bytes") }
        return hello
    }

    private func error(_ fields: ServerFields, _ bytes: Span<UInt8>) throws(WireError) -> ServerFrame {
        let code = try bytes.string(fields.code, "code")
        let id = fields.id == nil ? nil : try bytes.id(fields.id, "id")
        let sentence = fields.message?.kind == .string ? try bytes.string(fields.message, "message") : ""
        if let code = WireError.Code(rawValue: code) { return .error(WireError(code, sentence, id: id)) }
        // A newer server's reason: whoever waits for the answer to that id must still be told that it is a refusal.
        guard let id else { return .unknown(type: "error \(code)") }
        return .error(WireError(.invalidFrame, "\(code): \(sentence)", id: id))
    }

    private func users(
        _ value: JSONCursor.Value?,
        _ key: StaticString,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> [Mobile] {
        let value = try bytes.require(value, .array, "a list of mobiles", key)
        var mobiles: [Mobile] = []
        try bytes.elements(of: value, key) { element in
            if element.kind == .string, let mobile = bytes.mobile(element) { mobiles.append(mobile) }
        }
        return mobiles
    }
}

extension JSONCursor.Value {
    fileprivate func moved(by offset: Int) -> JSONCursor.Value {
        JSONCursor.Value(
            kind: kind,
            range: range.lowerBound + offset..<range.upperBound + offset,
            unescapedCount: unescapedCount
        )
    }
}

/// Where the values of a server's frame lie.
private struct ServerFields {
    var type: JSONCursor.Value?
    var users: JSONCursor.Value?
    var rev: JSONCursor.Value?
    var from: JSONCursor.Value?
    var to: JSONCursor.Value?
    var text: JSONCursor.Value?
    var id: JSONCursor.Value?
    var ts: JSONCursor.Value?
    var sessions: JSONCursor.Value?
    var receipts: JSONCursor.Value?
    var state: JSONCursor.Value?
    var joined: JSONCursor.Value?
    var left: JSONCursor.Value?
    var server: JSONCursor.Value?
    var mobile: JSONCursor.Value?
    var limits: JSONCursor.Value?
    var heartbeat: JSONCursor.Value?
    var code: JSONCursor.Value?
    var message: JSONCursor.Value?

    mutating func set(_ key: Span<UInt8>, _ value: JSONCursor.Value) {
        if key.spells("type") { return type = value }
        if key.spells("users") { return users = value }
        if key.spells("rev") { return rev = value }
        if key.spells("from") { return from = value }
        if key.spells("to") { return to = value }
        if key.spells("text") { return text = value }
        if key.spells("id") { return id = value }
        if key.spells("ts") { return ts = value }
        if key.spells("sessions") { return sessions = value }
        if key.spells("receipts") { return receipts = value }
        if key.spells("state") { return state = value }
        if key.spells("joined") { return joined = value }
        if key.spells("left") { return left = value }
        if key.spells("server") { return server = value }
        if key.spells("mobile") { return mobile = value }
        if key.spells("limits") { return limits = value }
        if key.spells("heartbeat_s") { return heartbeat = value }
        if key.spells("code") { return code = value }
        if key.spells("message") { return message = value }
    }
}
