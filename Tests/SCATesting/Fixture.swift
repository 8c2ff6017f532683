import Foundation

/// Reads the data under `Tests/Fixtures`, which no target copies: tests run where their sources lie.
public enum Fixture {
    /// Decodes a JSON fixture.
    ///
    /// - Parameter path: under `Tests/Fixtures`, such as `wire/mobiles.json`.
    /// - Throws: the file system's error, or `DecodingError`.
    public static func decode<Value: Decodable>(_ path: String, as: Value.Type = Value.self) throws -> Value {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appending(path: "Fixtures/" + path))
        return try JSONDecoder().decode(Value.self, from: data)
    }
}
