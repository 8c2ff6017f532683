internal import ArgumentParser
internal import SCAServerd

/// How the bytes travel: TLS of our own, or a proxy's before us.
struct TransportOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp(
            "Serve TLS with this certificate and those between it and its authority, in PEM; HUP reads it again.",
            valueName: "file"
        ),
        completion: .file()
    )
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The certificate's private key, in PEM; others may not read it.", valueName: "file"),
        completion: .file()
    )
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Take a client's address from what these proxies say, addresses or blocks like 10.0.0.0/8, with commas.",
            valueName: "addresses"
        )
    )
    var behindProxy: String?

    @Option(
        help: ArgumentHelp(
            "The header that these proxies write: x-forwarded-for or forwarded. (default: x-forwarded-for)",
            valueName: "name"
        )
    )
    var proxyHeader: String?

    /// - Throws: `ValidationError` for what makes no sense.
    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) throws {
        let certificate = certificate ?? environment.text("tls-cert")
        let key = key ?? environment.text("tls-key")
        switch (certificate, key) {
        case (let certificate?, let key?): configuration.tls = TLSFiles(certificate: certificate, key: key)
        case (let certificate?, nil):
            throw ValidationError("--tls-cert \(certificate) is of no use alone: give its private key with --tls-key")
        case (nil, let key?):
            throw ValidationError("--tls-key \(key) is of no use alone: give its certificate with --tls-cert")
        case (nil, nil): break
        }
        try applyProxies(to: &configuration, environment)
    }

    private func applyProxies(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) throws {
        let header = proxyHeader ?? environment.text("proxy-header")
        guard let proxies = behindProxy ?? environment.text("behind-proxy") else {
            if header != nil { throw ValidationError("--proxy-header is of no use without --behind-proxy") }
            return
        }
        do {
            configuration.trustedProxies = try TrustedProxies(parsing: proxies)
        } catch {
            throw ValidationError("--behind-proxy: \(error.message)")
        }
        guard let header else { return }
        guard let known = TrustedProxies.Header(rawValue: header.lowercased()) else {
            throw ValidationError("--proxy-header must be x-forwarded-for or forwarded; found \"\(header)\"")
        }
        configuration.trustedProxies.header = known
    }
}
