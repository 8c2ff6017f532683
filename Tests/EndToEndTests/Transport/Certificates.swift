import Foundation
import SCATesting

/// The files of a server on TLS and of those who trust it, in a stage's folder.
struct Certificates: Sendable {
    let authority: TestAuthority
    /// The authority's certificate: what `--ca-file` names.
    let caFile: String
    let certificate: String
    let key: String
    private let stage: Stage

    /// Makes an authority and a certificate for this machine.
    init(on stage: Stage, _ name: String = "ca") throws {
        self.stage = stage
        authority = try TestAuthority("\(name) of a test")
        caFile = try stage.file("\(name).pem", authority.certificate)
        certificate = "\(stage.folder)/cert.pem"
        key = "\(stage.folder)/key.pem"
        try install(authority.issue())
    }

    var options: [String] { ["--tls-cert", certificate, "--tls-key", key] }

    /// Puts a certificate where the server looks for it.
    func install(_ pair: TestAuthority.KeyPair) throws {
        _ = try stage.file("cert.pem", pair.certificate)
        // Never open to others, not even for a moment: that is how a server would find it.
        _ = FileManager.default.createFile(atPath: key, contents: nil, attributes: [.posixPermissions: 0o600])
        _ = try stage.file("key.pem", pair.key)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
    }

    func server(_ options: String...) async throws -> Server {
        try await Server.start(on: stage, self.options + options)
    }

    /// Somebody who trusts the authority.
    func person(_ mobile: String, on server: Server) throws -> Person {
        var person = try stage.person(mobile, on: server)
        person.environment["SCACTL_CA_FILE"] = caFile
        return person
    }
}
