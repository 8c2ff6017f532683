/// Where things are kept, by the XDG base directory specification (version 0.8).
///
/// Each folder is the one that `XDG_…_HOME` names, else the specification's default under `HOME`. A relative path in those
/// is ignored, as the specification demands. The environment is an argument, so that tests need not change theirs.
public struct SettingsPaths: Sendable, Hashable {
    /// The settings: `$XDG_CONFIG_HOME/sca/config.json`, by default under `~/.config`.
    public let configFile: String

    /// What every mobile's own folder is in: `$XDG_DATA_HOME/sca`, by default under `~/.local/share`.
    public let dataFolder: String

    /// What may be lost without harm, as the lines typed at the prompt: `$XDG_STATE_HOME/sca`, by default under
    /// `~/.local/state`.
    public let stateFolder: String

    /// Finds the folders; touches no file.
    ///
    /// - Parameter environment: the variables of the process.
    /// - Throws: `SettingsError` `.noHome` if one of the folders follows neither from its own variable nor from `HOME`.
    public init(environment: [String: String]) throws(SettingsError) {
        configFile = try Self.folder("XDG_CONFIG_HOME", ".config", environment) + "/config.json"
        dataFolder = try Self.folder("XDG_DATA_HOME", ".local/share", environment)
        stateFolder = try Self.folder("XDG_STATE_HOME", ".local/state", environment)
    }

    /// The history of one mobile: `history.jsonl` in a folder named after it.
    public func history(of mobile: Mobile) -> String { "\(dataFolder)/\(mobile)/history.jsonl" }

    /// The token that a login has left for one mobile.
    public func token(of mobile: Mobile) -> String { "\(tokenFolder)/\(mobile).json" }

    /// What all tokens are in.
    var tokenFolder: String { "\(stateFolder)/tokens" }

    /// Makes the state folder, 0700, if it is not there.
    ///
    /// - Throws: `SettingsError` if that cannot be done.
    public func makeStateFolder() throws(SettingsError) {
        do throws(SystemError) { try PrivateFolder.make(stateFolder) } catch {
            throw SettingsError(
                code: .unwritable,
                message: "cannot make the folder \(stateFolder): \(error.reason)",
                hint: "set XDG_STATE_HOME to a folder that can be written"
            )
        }
    }

    private static func folder(
        _ variable: String,
        _ fallback: String,
        _ environment: [String: String]
    ) throws(SettingsError) -> String {
        if let folder = environment[variable], folder.hasPrefix("/") { return folder + "/sca" }
        if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/\(fallback)/sca" }
        throw SettingsError(
            code: .noHome,
            message: "neither \(variable) nor HOME is set to an absolute path",
            hint: "set HOME to your home folder, or \(variable) to the folder to use"
        )
    }
}
