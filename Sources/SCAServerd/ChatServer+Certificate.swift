internal import Logging
internal import SCACore

// The certificate and the public keys: read at the start, and again when whoever runs the server has renewed them.

extension ChatServer {
    /// Reads the certificate and the public keys again, so that both can be renewed; sessions that stand are left alone.
    /// What cannot be used is logged, and the old one stays.
    public func reload() async {
        guard let running, !isDraining else { return }
        observe(.reloading)
        defer { if !isDraining { observe(.listening) } }
        if tls == nil, configuration.auth.mode == .none {
            return log.logger.notice("nothing to reload: there is no certificate (--tls-cert) and no key (--auth)")
        }
        reloadCertificate()
        do throws(ServerError) {
            let names = try await running.doorkeeper.reload()
            guard !names.isEmpty else { return }
            log.logger.info("read the keys again", metadata: [LogKey.keys: "\(names.joined(separator: ","))"])
        } catch {
            log.logger.error("the keys stay as they were: \(error.message)")
        }
    }

    private func reloadCertificate() {
        guard let tls else { return }
        do throws(ServerError) {
            try tls.reload()
            logCertificate(tls, "certificate reloaded")
        } catch {
            log.logger.error("the old certificate is kept: \(error.message)")
        }
    }

    func loadCertificate() throws(ServerError) {
        guard let files = configuration.tls else { return }
        let tls = try ServerTLS(files)
        self.tls = tls
        logCertificate(tls, "certificate loaded")
    }

    private func logCertificate(_ tls: ServerTLS, _ event: Logger.Message) {
        let validity = tls.validity
        log.logger.info(event, metadata: [LogKey.expires: "\(validity.expiry)"])
        if let problem = validity.problem(at: Int(WallClock.unixMilliseconds() / 1_000)) {
            log.logger.warning("the certificate is of no use: \(problem)")
        }
    }
}
