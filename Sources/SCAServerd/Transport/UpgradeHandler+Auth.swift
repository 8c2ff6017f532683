internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import SCACore

/// Who comes in: what the doorkeeper says at the front door, and the login desk beside it.
extension UpgradeHandler {
    /// Asks the doorkeeper, and refuses whom it does not admit.
    ///
    /// - Returns: whether the upgrade may go on; then the terms say when the session's token ends.
    func admit(_ terms: inout SessionTerms, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        guard doorkeeper.admitsOrigin(head.headers) else {
            refuse(.forbidden, Doorkeeper.foreignOrigin, context)
            return false
        }
        do throws(TokenRefusal) {
            let now = WallClock.unixMilliseconds()
            terms.expiresAt = try doorkeeper.expiry(admitting: terms.mobile, head.headers, now: now) ?? .max
            return true
        } catch {
            loop.log.logger.debug(
                "not admitted",
                metadata: [LogKey.mobile: loop.log.name(terms.mobile), LogKey.reason: "\(error.rawValue)"]
            )
            refuse(.unauthorized, Doorkeeper.unauthorized, context)
            return false
        }
    }

    /// Has the login desk answer. It is an actor, so the answer comes a little later; the handshake's deadline holds.
    func logIn(_ step: LoginStep, _ context: ChannelHandlerContext) {
        guard let desk = doorkeeper.login else {
            return refuse(.notFound, WireError(.invalidFrame, "this server has no login by code"), context)
        }
        guard let head, doorkeeper.admitsOrigin(head.headers) else {
            return refuse(.forbidden, Doorkeeper.foreignOrigin, context)
        }
        let (body, address) = (body, ClientNetwork.name(of: context.channel.remoteAddress))
        let promise = context.eventLoop.makePromise(of: LoginDesk.Answer.self)
        promise.completeWithTask { await desk.answer(step, body, from: address) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { answer in
            let (handler, context) = bound.value
            handler.respond(
                answer.status,
                answer.body,
                hasBody: true,
                retryAfter: answer.retryAfter ?? 5,
                context
            )
        }
    }
}

/// Whose requests count together for the limits of logins.
enum ClientNetwork {
    /// The address of an IPv4 client; of an IPv6 one the first 64 bits, since a single customer has that many to choose from.
    static func name(of address: SocketAddress?) -> String {
        guard case .v6(let six) = address else { return address?.ipAddress ?? "?" }
        return withUnsafeBytes(of: six.address.sin6_addr) { bytes in
            // An IPv4 client of a listener for both.
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return (isMapped ? bytes.suffix(4) : bytes.prefix(8)).map { "\($0)" }.joined(separator: ".")
        }
    }
}
