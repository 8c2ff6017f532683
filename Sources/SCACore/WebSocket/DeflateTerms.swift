// The negotiation of permessage-deflate (RFC 7692, section 7.1), pure, for both ends. The client offers, the server takes the first
// offer that it can keep, and its answer is binding for both.
//
// Strict: an unknown parameter, one that comes twice, a value that is missing, not allowed or not 8 to 15 without leading
// zeros makes a server decline the offer and a client fail the connection.

/// What was agreed for one connection.
package struct DeflateTerms: Equatable, Sendable {
    /// How one direction is compressed.
    package struct Direction: Equatable, Sendable {
        /// The window is at most two to the power of this, in bytes: 8 to 15.
        package var windowBits = 15
        /// Whether a message may refer to those before it.
        package var takesOver = true
    }

    /// What the server sends.
    package var server = Direction()
    /// What the client sends.
    package var client = Direction()

    static let name = "permessage-deflate"

    /// What the end that is not `role` sends.
    package func inbound(_ role: WebSocketRole) -> Direction { role == .server ? client : server }

    /// What `role` sends.
    package func outbound(_ role: WebSocketRole) -> Direction { role == .server ? server : client }
}

/// The parameters of an offer or of an answer, each at most once.
private struct DeflateParameters {
    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    /// Some nil: it came without a value.
    var clientMaxWindowBits: Int??

    /// - Returns: nil if a parameter is unknown, comes twice, or has a value that it must not have.
    init?(_ parameters: [(name: String, value: String?)]) {
        guard Set(parameters.map(\.name)).count == parameters.count else { return nil }
        for (name, value) in parameters {
            switch (name, value) {
            case ("server_no_context_takeover", nil): serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): clientNoContextTakeover = true
            case ("client_max_window_bits", nil): clientMaxWindowBits = .some(nil)
            case ("server_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                serverMaxWindowBits = bits
            case ("client_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                clientMaxWindowBits = bits
            default: return nil
            }
        }
    }

    private static func bits(_ value: String) -> Int? {
        ["8", "9", "10", "11", "12", "13", "14", "15"].firstIndex(of: value).map { $0 + 8 }
    }
}

/// What a server agrees to.
///
/// It never lets messages refer to those before them, in either direction. So a session holds no window between
/// messages, and a frame for many sessions is compressed once; the price is that short messages hardly shrink.
package struct DeflatePolicy: Equatable, Sendable {
    /// The largest window in either direction: two to the power of this, in bytes; 9 to 15.
    package var windowBits: Int

    package init(windowBits: Int) {
        self.windowBits = windowBits
    }

    /// Takes the first offer that can be kept.
    ///
    /// An offer by which the client's window could not be bounded is declined if there is a bound.
    ///
    /// - Parameter headers: The values of `Sec-WebSocket-Extensions` in the request.
    /// - Returns: What is agreed and the value of that header in the answer; nil if there is no such offer.
    /// - Throws: `invalid_frame` if the headers do not follow the grammar (RFC 6455, section 9.1).
    package func accept(_ headers: [String]) throws(WireError) -> (terms: DeflateTerms, header: String)? {
        guard let extensions = WebSocketExtension.parse(headers) else {
            throw WireError(
                .invalidFrame,
                "Sec-WebSocket-Extensions is not a list of extensions (RFC 6455, section 9.1)"
            )
        }
        for offer in extensions where offer.name == DeflateTerms.name {
            guard let offered = DeflateParameters(offer.parameters) else { continue }
            if offered.clientMaxWindowBits == nil, windowBits < 15 { continue }
            return agree(offered)
        }
        return nil
    }

    private func agree(_ offered: DeflateParameters) -> (terms: DeflateTerms, header: String) {
        var terms = DeflateTerms()
        terms.server.takesOver = false
        terms.client.takesOver = false
        var header = "\(DeflateTerms.name); server_no_context_takeover; client_no_context_takeover"
        terms.server.windowBits = min(windowBits, offered.serverMaxWindowBits ?? 15)
        if offered.serverMaxWindowBits != nil || terms.server.windowBits < 15 {
            header += "; server_max_window_bits=\(terms.server.windowBits)"
        }
        if let clientMaxWindowBits = offered.clientMaxWindowBits {
            terms.client.windowBits = min(windowBits, clientMaxWindowBits ?? 15)
            if terms.client.windowBits < 15 { header += "; client_max_window_bits=\(terms.client.windowBits)" }
        }
        return (terms, header)
    }
}

extension DeflateTerms {
    /// What a client of ours offers: windows are the server's choice, and what the client sends never refers to messages before.
    package static let offer = "\(name); client_no_context_takeover; client_max_window_bits"

    /// Reads the server's answer to `offer`.
    ///
    /// - Parameter headers: The values of `Sec-WebSocket-Extensions` in the answer; not empty.
    /// - Returns: nil if it is not an answer to that offer, and the connection must be failed.
    package static func answer(_ headers: [String]) -> DeflateTerms? {
        guard let extensions = WebSocketExtension.parse(headers), extensions.count == 1, extensions[0].name == name,
            let answered = DeflateParameters(extensions[0].parameters)
        else { return nil }
        var terms = DeflateTerms()
        terms.server.takesOver = !answered.serverNoContextTakeover
        // That is so whether the answer repeats it or not (section 7.1.1.2).
        terms.client.takesOver = false
        terms.server.windowBits = answered.serverMaxWindowBits ?? 15
        switch answered.clientMaxWindowBits {
        case .none: break
        case .some(.none): return nil
        case .some(.some(let bits)): terms.client.windowBits = bits
        }
        return terms
    }
}
