internal import NIOCore

extension ChatServer {
    /// Whoever serves others is told what they can do to each other, once.
    func warnOfExposure() {
        let isReached = isOpen(running?.listener.localAddress)
        let isProxied = !configuration.trustedProxies.isEmpty
        if isReached, !isProxied, tls == nil {
            log.logger.warning(
                """
                others can reach this server, and whoever is between can read and change everything: give it a certificate \
                (--tls-cert, --tls-key), or put a proxy with TLS before it and name that (--behind-proxy)
                """
            )
        }
        if isReached || isProxied, configuration.auth.mode == .none {
            log.logger.warning(
                "whoever reaches this server can be anyone, and gets what is written to them: --auth token or code has them prove it"
            )
        }
        if isOpen(running?.metricsListener?.channel.localAddress) {
            log.logger.warning(
                "others can read the metrics, for which there is no password: see who reaches their port"
            )
        }
    }

    /// Whether others than this machine's own programs can come to an address.
    private func isOpen(_ address: SocketAddress?) -> Bool { IPAddress(address).map { !$0.isLoopback } ?? false }
}
