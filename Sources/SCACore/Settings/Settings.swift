/// What a user has set once and for all: who they are, and which server they talk to.
///
/// A small JSON file that people may edit; unknown keys are ignored, and are gone after the next `save`.
///
///     {"mobile":"9876543210","output":"auto","server":"ws://127.0.0.1:8080"}
///
/// Reading and writing are in `Settings+File.swift`.
public struct Settings: Sendable, Hashable {
    /// How rows are printed.
    public enum Output: String, Sendable, Hashable, CaseIterable, Codable {
        /// Text on a terminal, JSON lines anywhere else.
        case auto
        /// Text for people.
        case text
        /// JSON lines.
        case json
    }

    /// Who the user is; nil before the first login.
    public var mobile: Mobile?

    /// The server's address as it was given, not yet looked at; nil for the default one.
    public var server: String?

    /// The file of the authorities that this server's certificate is verified by, in PEM, as an absolute path; nil for the
    /// system's.
    public var caFile: String?

    /// How rows are printed; nil for the default.
    public var output: Output?

    /// Makes settings; what is left out is not set.
    ///
    /// - Parameters:
    ///   - mobile: who the user is.
    ///   - server: the server's address.
    ///   - caFile: the file of the authorities that its certificate is verified by.
    ///   - output: how rows are printed.
    public init(mobile: Mobile? = nil, server: String? = nil, caFile: String? = nil, output: Output? = nil) {
        self.mobile = mobile
        self.server = server
        self.caFile = caFile
        self.output = output
    }
}

extension Settings: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case mobile, server, output
        case caFile = "ca_file"
    }

    /// Reads settings; keys that are missing or null are not set.
    ///
    /// - Throws: `DecodingError`: `.typeMismatch` for what is not text, `.dataCorrupted` for text that is not a mobile or
    ///   not an output, with a description of what was expected.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        server = try values.decodeIfPresent(String.self, forKey: .server)
        caFile = try values.decodeIfPresent(String.self, forKey: .caFile)
        mobile = try Self.decode(.mobile, from: values, expected: "10 to 32 digits") { Mobile($0) }
        output = try Self.decode(.output, from: values, expected: "auto, text or json") { Output(rawValue: $0) }
    }

    /// Writes what is set.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(mobile?.description, forKey: .mobile)
        try values.encodeIfPresent(server, forKey: .server)
        try values.encodeIfPresent(caFile, forKey: .caFile)
        try values.encodeIfPresent(output, forKey: .output)
    }

    private static func decode<Value>(
        _ key: CodingKeys,
        from values: KeyedDecodingContainer<CodingKeys>,
        expected: String,
        _ make: (String) -> Value?
    ) throws -> Value? {
        guard let text = try values.decodeIfPresent(String.self, forKey: key) else { return nil }
        if let value = make(text) { return value }
        throw DecodingError.dataCorruptedError(
            forKey: key,
            in: values,
            debugDescription: "\"\(key.rawValue)\" is \"\(text)\"; expected \(expected)"
        )
    }
}
