internal import SCACore

/// Why the state machine itself gives a connection up, in sentences.
extension ClientConfiguration {
    /// The connection did not stand in time.
    func timedOut() -> ClientError {
        ClientError(
            .timeout,
            "\(endpoint) did not finish the connection within \(connectTimeout.shortText)",
            hint: "check the address and the network, or allow more time"
        )
    }

    /// A server of `sca.v2` did not start with `hello`.
    func notGreeted() -> ClientError {
        ClientError(
            .invalidServer,
            "\(endpoint) selected sca.v2, but its first frame is not \"hello\"",
            hint: "update the server"
        )
    }

    /// Nothing has arrived for too long.
    func silent(_ silence: Duration) -> ClientError {
        ClientError(.connectionLost, "\(endpoint) has said nothing for \(silence.shortText)")
    }
}
