import Foundation
import SCACore
import Testing

@testable import SCAServerd

/// A folder with keys in it, gone with the test.
final class KeyFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/scad-keys-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A new pair of keys in files named so.
    func makeKey(_ name: String) throws -> SigningKey {
        let key = try SigningKey()
        try key.save(to: file(name))
        return key
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
        return file(name)
    }
}

extension SigningKey {
    /// A token as `scad token issue` makes it.
    func token(_ mobile: Mobile, lifetime: Duration = .seconds(3_600), now: Int64 = WallClock.unixMilliseconds())
        async throws -> String
    {
        try await token(for: mobile, lifetime: lifetime, audience: "sca", now: now)
    }
}
