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
        guard admitsOrigin(head) else {
            refuseOrigin(context)
            return false
        }
        do throws(TokenRefusal) {
            let now = WallClock.unixMilliseconds()
            terms.expiresAt = try doorkeeper.expiry(admitting: terms.mobile, head.headers, now: now) ?? .max
            return true
        } catch {
            loop.auth.tokens[error, default: 0] += 1
            loop.log.logger.debug(
                "not admitted",
                metadata: [LogKey.mobile: loop.log.name(terms.mobile), LogKey.reason: "\(error.rawValue)"]
            )
            refuse(.unauthorized, Doorkeeper.unauthorized, context)
            return false
        }
    }

    private func admitsOrigin(_ head: HTTPRequestHead) -> Bool {
        doorkeeper.admitsOrigin(head.headers, isVouchedFor: isBehindProxy || !isInTheClear)
    }

    private func refuseOrigin(_ context: ChannelHandlerContext) {
        loop.auth.foreignOrigins += 1
        refuse(.forbidden, Doorkeeper.foreignOrigin, context)
    }

    /// Has the login desk answer. It is an actor, so the answer comes a little later; the handshake's deadline holds.
    func logIn(_ step: LoginStep, _ context: ChannelHandlerContext) {
        guard let desk = doorkeeper.login else {
            return refuse(.notFound, WireError(.invalidFrame, "this server has no login by code"), context)
        }
        guard let head, admitsOrigin(head) else {
            return refuseOrigin(context)
        }
        let (body, address) = (body, client.limitKey)
        let promise = context.eventLoop.makePromise(of: LoginDesk.Answer.self)
        promise.completeWithTask { await desk.answer(step, body, from: address) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { answer in
            let (handler, context) = bound.value
            handler.respond(
                answer.status,
                answer.body,
                hasBody: true,
                retryAfter: answer.retryAfter,
                context
            )
        }
    }
}
