import Foundation
import SCATesting
import Testing

@testable import SCAServerd

/// Certificates that cannot be served with: a sentence each, which names the option and the file.
@Suite struct TLSFilesTests {
    private let folder: CertificateFolder
    private let authority: TestAuthority
    private var files: TLSFiles { folder.files }

    init() throws {
        folder = try CertificateFolder()
        authority = try TestAuthority()
        try folder.install(authority.issue())
    }

    private func sentence() throws -> String {
        let error = try #require(throws: ServerError.self) { try ServerTLS(files) }
        #expect(error.code == .badCertificate)
        return error.message
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    @Test func aGoodPairIsTakenAndTellsItsEnd() throws {
        let validity = try ServerTLS(files).validity
        let now = Int(Date.now.timeIntervalSince1970)
        #expect(validity.problem(at: now) == nil)
        #expect(validity.problem(at: now + 2 * 86_400)?.hasPrefix("it expired at 2") == true)
        #expect(validity.problem(at: now - 2 * 86_400)?.hasPrefix("it is not valid until 2") == true)
    }

    @Test func aChainIsTakenWhole() throws {
        let pair = try authority.issue()
        try write(pair.certificate + "\n" + authority.certificate, to: files.certificate)
        try write(pair.key, to: files.key)
        #expect(try KeyPair(files).chain.count == 2)
        _ = try ServerTLS(files)
    }

    @Test func whatIsNotThereIsSaid() throws {
        try FileManager.default.removeItem(atPath: files.key)
        #expect(try sentence() == "the file \(files.key) of --tls-key does not exist")
        try FileManager.default.removeItem(atPath: files.certificate)
        #expect(try sentence() == "the file \(files.certificate) of --tls-cert does not exist")
    }

    @Test func aFolderIsNoFile() throws {
        try FileManager.default.removeItem(atPath: files.certificate)
        try FileManager.default.createDirectory(atPath: files.certificate, withIntermediateDirectories: false)
        #expect(try sentence() == "the file \(files.certificate) of --tls-cert is not a regular file")
    }

    @Test func aPipeIsNotWaitedFor() throws {
        try FileManager.default.removeItem(atPath: files.key)
        #expect(mkfifo(files.key, 0o600) == 0)
        #expect(try sentence() == "the file \(files.key) of --tls-key is not a regular file")
    }

    @Test func anEndlessFileIsNotReadIn() throws {
        try write(String(repeating: "x", count: 1 << 20 + 1), to: files.certificate)
        #expect(try sentence().hasSuffix("of --tls-cert is over 1048576 bytes long"))
    }

    @Test(arguments: ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func whatIsNoPEMIsSaid(_ text: String) throws {
        try write(text, to: files.key)
        #expect(try sentence().hasPrefix("the file \(files.key) of --tls-key has no private key in PEM"))
        try write(text, to: files.certificate)
        #expect(try sentence().hasPrefix("the file \(files.certificate) of --tls-cert has no certificate in PEM"))
    }

    @Test func theKeyOfAnotherCertificateIsSaid() throws {
        try write(authority.issue().key, to: files.key)
        let first = "the first certificate in \(files.certificate) of --tls-cert"
        #expect(try sentence() == "the key in \(files.key) of --tls-key is not that of \(first)")
    }

    @Test(arguments: [0o604, 0o644, 0o602, 0o666]) func aKeyThatIsOpenToEverybodyIsRefused(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: files.key)
        let octal = String(mode, radix: 8)
        let found = "is open to everybody on this machine (mode \(octal))"
        #expect(try sentence() == "the file \(files.key) of --tls-key \(found)")
    }

    @Test(arguments: [0o400, 0o600, 0o640, 0o660]) func aKeyThatItsGroupMayReadIsTaken(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: files.key)
        _ = try ServerTLS(files)
    }

    @Test func aKeyWithAPassphraseIsSaid() throws {
        try write(Self.encrypted, to: files.key)
        #expect(try sentence().hasSuffix("or one with a passphrase"))
    }

    /// By `openssl ec -aes128`; the passphrase is gone.
    private static let encrypted = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,55829726E9A33C3B4A99E86AF9E50B7C

        84Hluks+KLQ4IiTMBPNPjg0RzUbjtkVN3nCepk29SCQfYLfb6Btcv1c/1yVSTfpp
        54e1hBGUGNi8BuY/FGK5uVOmi+BsA6yvyXgKUn2RhrqpYbpLD1PmHYJsD99Ajd4F
        +wJqSC6W471BSpZEJmbMrVLtho7t6PfayKeTX45PVQM=
        -----END EC PRIVATE KEY-----
        """
}
