import Testing

@testable import SCACore

@Suite struct SettingsPathsTests {
    @Test func defaultsAreUnderHome() throws {
        let paths = SettingsPaths(environment: ["HOME": "/home/ann"])
        #expect(try paths.configFile == "/home/ann/.config/sca/config.json")
        #expect(try paths.history(of: .test("0123456789")) == "/home/ann/.local/share/sca/0123456789/history.jsonl")
        #expect(try paths.stateFolder == "/home/ann/.local/state/sca")
    }

    @Test func variablesOfXDGComeFirst() throws {
        let paths = SettingsPaths(environment: [
            "HOME": "/home/ann", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s",
        ])
        #expect(try paths.configFile == "/c/sca/config.json")
        #expect(try paths.dataFolder == "/d/sca")
        #expect(try paths.stateFolder == "/s/sca")
    }

    @Test(arguments: ["", "relative", "./c", "~/c"])
    func relativeVariableIsIgnored(value: String) throws {
        let paths = SettingsPaths(environment: ["HOME": "/home/ann", "XDG_CONFIG_HOME": value])
        #expect(try paths.configFile == "/home/ann/.config/sca/config.json")
    }

    @Test func homeIsNotNeededWhereTheFolderIsNamed() throws {
        let paths = SettingsPaths(environment: ["XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"])
        #expect(try paths.configFile == "/c/sca/config.json")
        #expect(try paths.dataFolder == "/d/sca")
        let error = try #require(throws: SettingsError.self) { try paths.stateFolder }
        #expect(error.code == .noHome && error.message.contains("XDG_STATE_HOME"))
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "ann"], ["XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"]])
    func missingHomeSaysWhatToSet(environment: [String: String]) throws {
        let error = try #require(throws: SettingsError.self) { try SettingsPaths(environment: environment).dataFolder }
        #expect(error.code == .noHome)
        #expect(error.hint.hasPrefix("set HOME"))
    }

    @Test(arguments: ["HOME", "XDG_DATA_HOME"])
    func folderThatIsNotUTF8IsNotReplacedByAnother(variable: String) throws {
        let paths = SettingsPaths(environment: ["HOME": "/home/ann"].merging([variable: "/l\u{FFFD}on"]) { $1 })
        let error = try #require(throws: SettingsError.self) { try paths.dataFolder }
        #expect(error.code == .invalidValue && error.message == "\(variable) is not UTF-8")
    }
}
