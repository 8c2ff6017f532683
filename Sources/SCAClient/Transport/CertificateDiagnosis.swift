internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

// Why a certificate was not trusted. BoringSSL only says that it was not. So, once a verification has failed, the server is
// dialed a second time, only to be shown its certificate: nothing is sent to it, and that handshake always fails too.
//
// Rejected: NIOSSL's older verification callback, which would be told in the first place (it is deprecated); a verification
// of our own (the last thing to write oneself).

extension Dialer {
    /// Finds out more about an error of TLS verification; hands every other error on as it is.
    func diagnose<Value: Sendable>(_ error: any Error, on loop: any EventLoop) -> EventLoopFuture<Value> {
        let plain = explain(error)
        guard plain.code == .tlsFailed, plain.message == TLS.untrustedMessage(endpoint) else {
            return loop.makeFailedFuture(plain)
        }
        return certificate(on: loop).flatMapThrowing { certificate in
            throw certificate.map { fault($0) } ?? plain
        }
    }

    /// The certificate that the server shows; nil if it does not get that far in time.
    private func certificate(on loop: any EventLoop) -> EventLoopFuture<NIOSSLCertificate?> {
        let promise = loop.makePromise(of: NIOSSLCertificate?.self)
        let late = loop.scheduleTask(in: .seconds(2)) { promise.succeed(nil) }
        var bare = self
        bare.endpoint.scheme = .ws
        bare.dial(on: loop).whenComplete { result in
            guard case .success(let channel) = result, let tls = try? TLS(caFile: caFile),
                let inspector = try? tls.inspector(
                    endpoint.host,
                    // Later, since it is called from inside the handler that will be closed then.
                    seen: { certificate in loop.execute { promise.succeed(certificate) } }
                )
            else { return promise.succeed(nil) }
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in promise.succeed(nil) }
            do {
                try channel.pipeline.syncOperations.addHandler(inspector)
            } catch {
                promise.succeed(nil)
            }
        }
        promise.futureResult.whenComplete { _ in late.cancel() }
        return promise.futureResult
    }

    private func fault(_ certificate: NIOSSLCertificate) -> ClientError {
        let now = time(nil)
        let whose = "the certificate of \(endpoint)"
        if certificate.notValidAfter < now {
            let days = (now - certificate.notValidAfter) / 86_400
            return ClientError(
                .tlsFailed,
                "\(whose) expired \(days == 0 ? "today" : days == 1 ? "yesterday" : "\(days) days ago")",
                hint: "tell its owner; if it did not, check this machine's clock"
            )
        }
        if certificate.notValidBefore > now {
            return ClientError(.tlsFailed, "\(whose) is not valid yet", hint: "check this machine's clock")
        }
        let names = (try? certificate.toDERBytes()).flatMap { CertificateNames(der: $0) }
        let isSelfSigned = names.map { $0.issuer == $0.subject } ?? false
        let stranger =
            caFile.map { "an authority that is not in \($0)" } ?? "an authority that this system does not know"
        return ClientError(
            .tlsFailed,
            "\(whose) is not trusted: it is \(isSelfSigned ? "self-signed" : "from \(stranger)")",
            hint:
                "if you know whose it is, name a file with \(isSelfSigned ? "it" : "that authority's"): --ca-file FILE"
        )
    }
}

/// Who issued a certificate and whose it is, as the bytes of the two names (RFC 5280, section 4.1).
struct CertificateNames {
    let issuer: [UInt8]
    let subject: [UInt8]

    /// Walks to the names; nil if the bytes are not a certificate.
    init?(der: [UInt8]) {
        var outer = DERReader(der[...])
        guard var certificate = outer.next()?.reader, var rest = certificate.next()?.reader else { return nil }
        var fields: [DERReader.Element] = []
        while fields.count < 6, let element = rest.next() {
            // The version, tagged [0], may be left out.
            if fields.isEmpty, element.tag == 0xA0 { continue }
            fields.append(element)
        }
        // Serial number, algorithm, issuer, validity, subject.
        guard fields.count >= 5 else { return nil }
        issuer = Array(fields[2].content)
        subject = Array(fields[4].content)
    }
}

/// Reads one element after the other of a DER encoding (ITU-T X.690), trusting no length.
private struct DERReader {
    struct Element {
        let tag: UInt8
        let content: ArraySlice<UInt8>

        var reader: DERReader { DERReader(content) }
    }

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    mutating func next() -> Element? {
        guard let tag = bytes.popFirst(), let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let width = Int(first & 0x7F)
            guard (1...4).contains(width), bytes.count >= width else { return nil }
            length = bytes.prefix(width).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(width)
        }
        guard bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return Element(tag: tag, content: bytes.prefix(length))
    }
}
