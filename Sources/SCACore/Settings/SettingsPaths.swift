/// Where things are kept, by the XDG base directory specification (version 0.8).
///
/// Each folder is the one that `XDG_…_HOME` names, else the specification's default under `HOME`. A relative path in those
/// is ignored, as the specification demands. The environment is an argument, so that tests need not change theirs.
///
/// What a variable is wanting for is said when it is asked for, and not before: who needs no history needs no place for one.
/// Each of these throws `SettingsError`: `.noHome` if it follows neither from its own variable nor from `HOME`,
/// `.invalidValue` if it follows from one that is not UTF-8. (Foundation's environment has U+FFFD there, and would lead to another
/// folder.) No file is touched.
public struct SettingsPaths: Sendable, Hashable {
    private let environment: [String: String]

    /// - Parameter environment: the variables of the process.
    public init(environment: [String: String]) {
        self.environment = environment
    }

    /// The settings: `$XDG_CONFIG_HOME/sca/config.json`, by default under `~/.config`.
    public var configFile: String {
        get throws(SettingsError) { try folder("XDG_CONFIG_HOME", ".config") + "/config.json" }
    }

    /// What every mobile's own folder is in: `$XDG_DATA_HOME/sca`, by default under `~/.local/share`.
    public var dataFolder: String {
        get throws(SettingsError) { try folder("XDG_DATA_HOME", ".local/share") }
    }

    /// What may be lost without harm, as the lines typed at the prompt: `$XDG_STATE_HOME/sca`, by default under
    /// `~/.local/state`.
    public var stateFolder: String {
        get throws(SettingsError) { try folder("XDG_STATE_HOME", ".local/state") }
    }

    /// The history of one mobile: `history.jsonl` in a folder named after it.
    public func history(of mobile: Mobile) throws(SettingsError) -> String {
        "\(try dataFolder)/\(mobile)/history.jsonl"
    }

    /// The token that a login has left for one mobile.
    public func token(of mobile: Mobile) throws(SettingsError) -> String { "\(try tokenFolder)/\(mobile).json" }

    /// What all tokens are in.
    var tokenFolder: String {
        get throws(SettingsError) { "\(try stateFolder)/tokens" }
    }

    /// Makes the state folder, 0700, if it is not there.
    ///
    /// - Throws: `SettingsError` if that cannot be done.
    public func makeStateFolder() throws(SettingsError) {
        let stateFolder = try stateFolder
        do throws(SystemError) { try PrivateFolder.make(stateFolder) } catch {
            throw SettingsError(
                code: .unwritable,
                message: "cannot make the folder \(stateFolder): \(error.reason)",
                hint: "set XDG_STATE_HOME to a folder that can be written"
            )
        }
    }

    private func folder(_ variable: String, _ fallback: String) throws(SettingsError) -> String {
        if let folder = try absolute(variable) { return folder + "/sca" }
        if let home = try absolute("HOME") { return "\(home)/\(fallback)/sca" }
        throw SettingsError(
            code: .noHome,
            message: "neither \(variable) nor HOME is set to an absolute path",
            hint: "set HOME to your home folder, or \(variable) to the folder to use"
        )
    }

    private func absolute(_ variable: String) throws(SettingsError) -> String? {
        guard let path = environment[variable], path.hasPrefix("/") else { return nil }
        guard !path.unicodeScalars.contains("\u{FFFD}") else {
            throw SettingsError(
                code: .invalidValue,
                message: "\(variable) is not UTF-8",
                hint: "set \(variable) to a folder whose name is UTF-8"
            )
        }
        return path
    }
}
