internal import FoundationEssentials

/// What can be said of a settings file, key by key, also where `Settings.load` refuses it: for whoever looks for what is wrong.
public struct SettingsReview: Sendable, Hashable {
    /// What the file sets, without the keys whose values cannot be used.
    public private(set) var settings = Settings()

    /// Keys whose values cannot be used, sorted; the server's address is not looked at here.
    public private(set) var unusableKeys: [String] = []

    /// Keys that mean nothing, sorted.
    public private(set) var unknownKeys: [String] = []

    /// All keys that mean something.
    public static var knownKeys: [String] { Settings.CodingKeys.allCases.map(\.rawValue) }

    /// Reads the file.
    ///
    /// - Parameter path: the file, `SettingsPaths.configFile`; one that is not there sets nothing.
    /// - Returns: nil if it cannot be read, or is no JSON object.
    public init?(of path: String) {
        guard let bytes = try? Settings.bytes(of: path) else { return nil }
        guard !bytes.isEmpty else { return }
        guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(bytes)) else { return nil }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let known = Settings.CodingKeys(rawValue: key) else {
                unknownKeys.append(key)
                continue
            }
            switch value {
            case .none: break
            case .text(let text) where set(known, to: text): break
            case .text, .other: unusableKeys.append(key)
            }
        }
    }

    /// - Returns: false if it is no value for this key.
    private mutating func set(_ key: Settings.CodingKeys, to text: String) -> Bool {
        switch key {
        case .mobile:
            settings.mobile = Mobile(text)
            return settings.mobile != nil
        case .output:
            settings.output = Settings.Output(rawValue: text)
            return settings.output != nil
        case .server: settings.server = text
        case .caFile: settings.caFile = text
        }
        return true
    }

    private enum Value: Decodable {
        case none, text(String), other

        init(from decoder: any Decoder) throws {
            guard let value = try? decoder.singleValueContainer() else {
                self = .other
                return
            }
            self = value.decodeNil() ? .none : (try? value.decode(String.self)).map(Value.text) ?? .other
        }
    }
}
